import t from 'tap';
import { commandSchemas } from '../../core/command-values.ts';

t.test('names of keys and principals are fit for tables and command lines', (t) => {
  const schema = commandSchemas['key add'];
  for (const name of ['a', 'ana@laptop', 'ci-2', 'A.b_c+d', '1'.repeat(64)])
    t.ok(schema.safeParse({ name }).success, name);
  for (const name of ['', '-a', '.a', 'a/b', 'a b', 'ä', 'a:b', 'a\u0000', 'a\n', '1'.repeat(65)])
    t.notOk(schema.safeParse({ name }).success, name);
  for (const principal of ['ana', 'cert:ana', 'ana@example.com'])
    t.ok(schema.safeParse({ principal }).success);
  for (const principal of ['', 'SHA256:a/b', '../x', 'a b', 'x'.repeat(129)])
    t.notOk(schema.safeParse({ principal }).success, principal);
  t.end();
});

t.test('nothing unknown is taken, and nothing endless', (t) => {
  t.notOk(commandSchemas['key add'].safeParse({ nothing: 'x' }).success);
  t.notOk(commandSchemas['key add'].safeParse({ env: Array.from({ length: 33 }, () => 'a') }).success);
  t.notOk(commandSchemas['key show'].safeParse({ key: 'x'.repeat(257) }).success);
  t.notOk(commandSchemas['key revoke'].safeParse({ key: 'x', reason: 'a\u202eb' }).success);
  t.ok(commandSchemas['key revoke'].safeParse({ key: 'x', reason: 'left the team – über' }).success);
  t.end();
});
