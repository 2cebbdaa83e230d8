import fc from 'fast-check';
import t from 'tap';
import { parseCommand } from '../../core/command-line.ts';
import { visitSchemas } from '../../core/visit-values.ts';

const day = 86_400_000;

t.test('how long, for whom, how often', (t) => {
  const { share } = visitSchemas;
  t.same(
    share.parse({ env: 'pr-1', ttl: '365d', email: ['Ana@Example.COM'], 'max-uses': '3', name: 'for Ana' }),
    {
      env: 'pr-1',
      ttl: 365 * day,
      email: ['ana@example.com'],
      'max-uses': 3,
      name: 'for Ana',
    },
  );
  t.same(share.parse({ env: 'pr-1' }), { env: 'pr-1' });
  const wrong = [
    { ttl: '366d' },
    { ttl: '59s' },
    { ttl: '0d' },
    { ttl: '1w' },
    { ttl: 'never' },
    { email: ['ana'] },
    { email: ['a@b@c'] },
    { email: ['a@b.c,d@e.f'] },
    { email: ['Ana <a@b.c>'] },
    { email: Array.from({ length: 33 }, (_, at) => `${String(at)}@b.c`) },
    { 'max-uses': '0' },
    { 'max-uses': '10001' },
    { 'max-uses': '1.5' },
    { 'max-uses': '1e3' },
    { 'max-uses': '-1' },
    { name: 'a\u001b[2J' },
    { name: 'x'.repeat(101) },
    { env: '' },
    { env: 'x'.repeat(301) },
  ];
  for (const more of wrong) t.notOk(share.safeParse({ env: 'pr-1', ...more }).success, JSON.stringify(more));
  t.end();
});

t.test('the words of the commands', (t) => {
  const cases: Readonly<Record<string, object>> = {
    'share pr-1/web --ttl 2d': { name: 'share', values: { env: 'pr-1/web', ttl: 2 * day } },
    'share list': { name: 'share list', values: {} },
    'share list pr-1 --all': { name: 'share list', values: { env: 'pr-1', all: true } },
    'share -- list': { name: 'share', values: { env: 'list' } },
    'share revoke abc': { name: 'share revoke', values: { id: 'abc' } },
    'password set pr-1 --generate': { name: 'password set', values: { env: 'pr-1', generate: true } },
    login: { name: 'login', values: {} },
    'session end --all': { name: 'session end', values: { all: true } },
  };
  for (const [words, call] of Object.entries(cases))
    t.match(parseCommand(words.split(' ')), { kind: 'command', call }, words);
  t.match(parseCommand(['share', '--help']), { kind: 'help', about: ['share'] });
  t.match(parseCommand(['session']), { kind: 'problem', problem: /session needs one of list, end/ });
  t.end();
});

t.test('a password among the words is refused, and never repeated', (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z0-9]{8,30}$/), (secret) => {
      const line = parseCommand(['password', 'set', 'pr-1', secret]);
      return line.kind === 'problem' && !line.problem.includes(secret);
    }),
  );
  t.end();
});
