import t from 'tap';
import { readCall } from '../../core/command-call.ts';
import { parseCommand } from '../../core/command-line.ts';
import { commandNamed } from '../../core/commands.ts';

t.test('values are what the schema of the command makes of them', (t) => {
  const given = { env: 'pr-42', ttl: '2h', email: ['Eve@Example.com'] };
  const read = readCall(commandNamed('share'), given);
  t.same(read, {
    ok: true,
    value: { name: 'share', values: { env: 'pr-42', ttl: 7_200_000, email: ['eve@example.com'] } },
  });
  t.match(parseCommand(['share', 'pr-42', '--ttl', '2h', '--email', 'Eve@Example.com']), {
    call: read.ok && read.value,
  });
  t.end();
});

t.test('what is wrong is told with its name', (t) => {
  t.same(readCall(commandNamed('key rename'), { key: 'a', name: '-' }), {
    ok: false,
    name: 'name',
    problem: 'may have letters, digits and ._@+- and begins with a letter or digit',
  });
  t.match(readCall(commandNamed('audit'), { limit: '0' }), { ok: false, name: 'limit', problem: /from 1/ });
  t.match(readCall(commandNamed('env list'), { nonsense: 'x' }), { ok: false, name: '' });
  t.end();
});
