import fc from 'fast-check';
import t from 'tap';
import { fillTemplate, parseTemplate, type Template } from '../../../server/oidc/template.ts';

function template(text: string): Template {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

t.test('one claim may stand in it', async (t) => {
  const claims = { repository: 'acme/shop', run_number: 12, 'kubernetes.io/name': 'x' };
  t.equal(fillTemplate(template('ci'), claims), 'ci');
  t.equal(fillTemplate(template(`github:\${repository}!`), claims), 'github:acme/shop!');
  t.equal(fillTemplate(template(`run-\${run_number}`), claims), 'run-12');
  t.equal(fillTemplate(template(`\${kubernetes.io/name}`), claims), 'x');
  t.equal(fillTemplate(template('$5 and $'), claims), '$5 and $');
});

t.test('without the claim there is no text', async (t) => {
  for (const value of [
    undefined,
    null,
    '',
    true,
    {},
    ['a'],
    1.5,
    2 ** 53,
    'a\nb',
    'a\u202eb',
    'x'.repeat(256),
  ])
    t.equal(fillTemplate(template(`a-\${b}`), { b: value }), undefined, JSON.stringify(value));
  t.equal(fillTemplate(template(`a-\${constructor}`), {}), undefined, 'nothing is inherited');
});

t.test('what is no template', async (t) => {
  for (const text of [`\${a`, `\${}`, `\${a b}`, `\${a}\${b}`, `\${a}-\${`, `\${${'a'.repeat(65)}}`])
    t.equal(parseTemplate(text).ok, false, text);
});

t.test('two values never give the same text', async () => {
  const values = fc.string({ minLength: 1, maxLength: 8 });
  const parts = fc.stringMatching(/^[a-z:-]{0,4}$/);
  fc.assert(
    fc.property(parts, parts, values, values, (before, after, a, b) => {
      const own = template(`${before}\${c}${after}`);
      const [first, second] = [fillTemplate(own, { c: a }), fillTemplate(own, { c: b })];
      return a === b || first === undefined || first !== second;
    }),
  );
});
