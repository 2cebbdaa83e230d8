import fc from 'fast-check';
import t from 'tap';
import { commandNamed, type CommandName } from '../../../core/commands.ts';
import { apiValues } from '../../../server/admin/api-values.ts';
import { publicKey } from '../../support/public-keys.ts';

const values = (name: CommandName, sent: Record<string, unknown>) =>
  apiValues(commandNamed(name), new Map(Object.entries(sent)));
const problemOf = (name: CommandName, sent: Record<string, unknown>): string => {
  const read = values(name, sent);
  return read.ok ? '' : read.problem;
};

t.test('values become what a command line would have given', (t) => {
  t.same(values('share', { env: 'pr-42', email: ['a@b.c', 'd@e.f'], 'max-uses': 3, ttl: null }), {
    ok: true,
    value: { given: { env: 'pr-42', email: ['a@b.c', 'd@e.f'], 'max-uses': '3' }, input: undefined },
  });
  t.match(values('share', { env: 'x', email: 'a@b.c', 'max-uses': '3' }), {
    value: { given: { email: ['a@b.c'], 'max-uses': '3' } },
  });
  t.same(values('env list', { all: true }), { ok: true, value: { given: { all: true }, input: undefined } });
  t.same(values('env list', { all: false }), { ok: true, value: { given: {}, input: undefined } });
  t.end();
});

t.test('what stands for standard input is kept apart', (t) => {
  const { line } = publicKey();
  t.same(values('key add', { 'public-key': line, name: 'ci' }), {
    ok: true,
    value: { given: { name: 'ci' }, input: line },
  });
  t.match(values('target create', { env: 'pr-1', 'host-keys': [line, line] }), {
    value: { given: { env: 'pr-1' }, input: `${line}\n${line}` },
  });
  t.end();
});

t.test('what is missing, too much or of another type is named', (t) => {
  t.equal(problemOf('env release', {}), 'env is missing');
  t.equal(problemOf('env release', { env: null }), 'env is missing');
  t.match(
    problemOf('env release', { enf: 'x' }),
    /^"enf" is nothing that env release takes \(did you mean env\?\): it takes env, force$/,
  );
  t.match(problemOf('password list', { x: 1 }), /it takes nothing$/);
  t.match(
    problemOf('env list', JSON.parse('{"__proto__": {"all": true}}') as object as never),
    /^"__proto__" is nothing/,
  );
  t.match(problemOf('env list', { json: true }), /^"json" is nothing/);
  t.match(problemOf('key add', { file: '/etc/passwd' }), /^"file" is nothing/);
  for (const wrong of [1, true, ['x'], [], { a: 1 }])
    t.equal(problemOf('env release', { env: wrong }), 'env takes a text', JSON.stringify(wrong));
  for (const wrong of ['true', 1, [true], {}])
    t.equal(problemOf('env list', { all: wrong }), 'all takes true or false', JSON.stringify(wrong));
  for (const wrong of [1.5, 1e300, true, ['1'], {}])
    t.equal(problemOf('audit', { limit: wrong }), 'limit takes a whole number', JSON.stringify(wrong));
  for (const wrong of [1, ['a', 1], [['a']], {}])
    t.equal(problemOf('cert', { env: wrong }), 'env takes a list of texts', JSON.stringify(wrong));
  t.match(problemOf('cert', { env: [] }), /at least one/);
  t.match(problemOf('env release', { env: '\ud800' }), /half of a character/);
  t.match(problemOf('cert', { env: ['a', '\udfff'] }), /half of a character/);
  t.end();
});

t.test('a private key is not repeated, wherever it stands', (t) => {
  const secret = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA';
  for (const sent of [
    { key: secret },
    { [secret]: 1 },
    { key: 'x', reason: `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}` },
    { key: ['x', secret] },
  ]) {
    const problem = problemOf('key revoke', sent);
    t.match(problem, /private key in the command/);
    t.notMatch(problem, /b3Bl/);
  }
  t.match(
    values('key add', { 'public-key': secret }),
    { ok: true },
    'where a key is asked for, its parser finds it',
  );
  t.end();
});

t.test('nothing that is sent makes it throw, or gets through with another type', (t) => {
  const sent = fc.dictionary(
    fc.constantFrom('env', 'ttl', 'email', 'max-uses', 'name', '__proto__', 'toString', 'x'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(sent, (sent) => {
      const read = values('share', sent);
      if (!read.ok) return read.problem !== '';
      const { env, ttl, email = [], 'max-uses': maxUses = '1', name = '' } = read.value.given;
      return (
        typeof env === 'string' &&
        (ttl === undefined || typeof ttl === 'string') &&
        Array.isArray(email) &&
        typeof maxUses === 'string' &&
        typeof name === 'string'
      );
    }),
  );
  t.end();
});
