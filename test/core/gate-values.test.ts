import fc from 'fast-check';
import t from 'tap';
import { parseCommand } from '../../core/command-line.ts';
import { gateSchemas } from '../../core/gate-values.ts';

const takes = (name: keyof typeof gateSchemas, values: object): boolean =>
  gateSchemas[name].safeParse(values).success;

t.test('names can stand in host names, and are read in any case', (t) => {
  for (const name of ['shop', 'SHOP', 'pr-42', 'a', '0b2f', 'a'.repeat(63)])
    t.ok(takes('target rename', { target: 'x', name }), name);
  for (const name of ['', '-a', 'a-', 'a--b', 'a.b', 'a b', 'ä', 'a\n', '*', '../x', 'xn', 'a'.repeat(64)])
    t.notOk(takes('target rename', { target: 'x', name }), name);
  t.match(gateSchemas['gate create'].parse({ name: 'OPS' }), { name: 'ops' });
  t.end();
});

t.test('nothing of it can break a line, a quote or a list', (t) => {
  const evil = [
    'a\nProxyCommand id',
    'a"b',
    "a' b",
    'a b',
    'a,b',
    '$(id)',
    'a;b',
    '-oProxyCommand=id',
    '%h\u202e',
  ];
  for (const user of evil) {
    t.notOk(takes('target set', { target: 'x', 'os-user': user }), user);
    t.notOk(takes('grant add', { principal: 'ana', env: ['a'], 'os-user': [user] }), user);
    t.notOk(takes('gate create', { name: 'a', host: user }), user);
    t.notOk(takes('target profile create', { name: user, target: 'x' }), user);
    t.notOk(takes('grant add', { principal: 'ana', env: ['a'], service: [user] }), user);
  }
  for (const path of ['a\nb', 'a"b', '', 'x'.repeat(1025), 'a\u0000'])
    t.notOk(takes('target profile create', { name: 'a', target: 'x', 'identity-file': path }), path);
  t.ok(takes('target profile create', { name: 'a', target: 'x', 'identity-file': '~/My Keys/id' }));
  t.end();
});

t.test('hosts, ports and UUIDs', (t) => {
  for (const host of ['gate.example.com', '192.0.2.7', '2001:db8::1', '::1', 'x'])
    t.ok(takes('gate create', { name: 'a', host }), host);
  for (const host of ['gate.example.com:22', 'a/b', '.a', 'a.', 'a_b', 'https://a'])
    t.notOk(takes('gate create', { name: 'a', host }), host);
  for (const port of ['1', '22', '65535']) t.ok(takes('gate create', { name: 'a', port }));
  for (const port of ['0', '65536', '-1', '1.5', '022', 'ssh'])
    t.notOk(takes('gate create', { name: 'a', port }));
  t.match(gateSchemas['target report'].parse({ id: '0B2F7F1E-3C1D-4A6E-9D53-1C2F3A4B5C6D' }), {
    id: '0b2f7f1e-3c1d-4a6e-9d53-1c2f3a4b5c6d',
  });
  for (const id of ['1234', '0b2f7f1e3c1d4a6e9d531c2f3a4b5c6d', '../../../../../../etc/passwd-0000000'])
    t.notOk(takes('target report', { id }), id);
  t.end();
});

t.test('a dash takes away; what is wrong is told as without it', (t) => {
  const set = (words: string): unknown => parseCommand(words.split(' '));
  t.match(set('gate set a --host - --port=-'), { call: { values: { host: '-', port: '-' } } });
  t.match(set('gate set a --port 22'), { call: { values: { port: 22 } } });
  t.match(set('gate set a --port x'), { problem: '--port "x" is no port: 1 to 65535' });
  t.match(set('gate set a --host a:b/c'), { problem: /--host is no host name/ });
  t.match(set('target set a --os-user 7'), { problem: /--os-user "7" is no name of a user/ });
  t.match(set('grant add ana'), { problem: '--env is missing: give at least one pattern' });
  t.match(set('target create pr-1 a.pub b.pub'), {
    call: { values: { env: 'pr-1', file: ['a.pub', 'b.pub'] } },
  });
  t.match(set('target create'), { problem: 'ENV is missing' });
  t.match(set('target profile'), { problem: 'target profile needs one of create, list, show, set, rm' });
  t.match(set('target profile --help'), { kind: 'help', about: ['target', 'profile'] });
  t.match(set('target profile creat'), { problem: /"target profile creat" \(did you mean create\?\)/ });
  t.match(set('target profil'), { problem: /\(did you mean profile\?\): target has list, .*, profile$/ });
  t.match(set('sessions --limit 1001'), { problem: '--limit takes at most 1000' });
  t.end();
});

t.test('whatever is given for a name, a user or a host is one line without a quote', (t) => {
  const values = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(values, (given) => {
      const read = gateSchemas['target profile create'].safeParse({
        ...{ name: given, target: given, 'os-user': given, 'identity-file': given },
      });
      return !read.success || !/["\p{Cc}\p{Cf}]/u.test(Object.values(read.data).join(''));
    }),
  );
  t.end();
});
