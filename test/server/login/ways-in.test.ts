import fc from 'fast-check';
import t from 'tap';
import { passwordForm, waysIn } from '../../../server/login/ways-in.ts';

const target = { label: 'web--pr-42', path: '/x?y="<', state: 'a'.repeat(43) };
const gateway = { domain: 'preview.example.com', wrongPassword: false };

t.test('all ways in, with what can be typed as it is', async (t) => {
  const providers = [{ name: 'corp', title: 'Corp' }];
  const { text } = waysIn({ ...gateway, target, providers, sshPort: 8443 });
  t.match(text, 'Continue with Corp');
  t.match(text, '<code>ssh -p 8443 preview.example.com login</code>');
  t.match(text, '<code>ssh -p 8443 preview.example.com share pr-42</code>');
  t.match(text, '<label for="password">Password</label>');
  t.match(text, 'value="/x?y=&#34;&#60;"');
  t.match(
    waysIn({ ...gateway, target: undefined, providers: [], sshPort: 22 }).text,
    '<code>ssh preview.example.com login</code>',
  );
});

t.test('every heading is of its level, and every field has its label', async (t) => {
  const { text } = waysIn({ ...gateway, target, providers: [], sshPort: 22 });
  t.notMatch(text, /<h[13-6]/);
  for (const [, id = ''] of text.matchAll(/<input id="([^"]+)"/g)) t.match(text, `<label for="${id}">`);
  t.match(passwordForm(target, true).text, /id="wrong" role="alert".*aria-describedby="wrong"/s);
});

t.test('nothing that is asked for becomes markup', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '/') });
  const usual = waysIn({ ...gateway, target, providers: [{ name: '', title: '' }], sshPort: 22 }).text;
  fc.assert(
    fc.property(text, text, (value, other) => {
      const page = waysIn({
        ...{ domain: value, wrongPassword: false, sshPort: 22 },
        target: { label: other, path: value, state: other },
        providers: [{ name: value, title: other }],
      }).text;
      return (
        page.split('<').length === usual.split('<').length &&
        page.split('"').length === usual.split('"').length
      );
    }),
  );
  t.pass();
});
