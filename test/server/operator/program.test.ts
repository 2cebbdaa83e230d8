import t from 'tap';
import { operatorCommands, runOperator } from '../../../server/operator/program.ts';
import { fakeOperator } from './fake-operator.ts';

async function run(words: readonly string[]) {
  const { operator, out, err } = fakeOperator();
  const code = await runOperator(words, operator);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

t.test('every command is listed, and has its help', async (t) => {
  const commands = operatorCommands(fakeOperator().operator);
  const usages = commands.map(([usage]) => usage);
  for (const usage of ['admin add KEYFILE', 'admin list', 'backup FILE']) t.ok(usages.includes(usage), usage);
  for (const [usage, about] of commands) {
    const words = usage.split(' ').filter((word) => /^[a-z]/.test(word));
    t.not(about, '');
    t.match(await run([...words, '--help']), {
      code: 0,
      err: '',
      out: new RegExp(`Usage: portholed ${words.join(' ')}`),
    });
    const [first = ''] = words;
    t.match(await run(['help', first]), { code: 0, out: new RegExp(`Usage: portholed ${first}`) });
  }
});

t.test('a command line that is wrong: one line and exit code 2', async (t) => {
  t.match(await run(['serve']), { code: 2, out: '', err: /^portholed: unknown command 'serve'/ });
  t.match(await run(['bakcup']), { code: 2, err: /Did you mean backup/i });
  t.match(await run(['admin', 'lst']), { code: 2, err: /unknown command 'lst'/ });
  t.match(await run(['backup']), { code: 2, err: /missing required argument/ });
  t.match(await run(['backup', 'a', 'b']), { code: 2, err: /too many arguments/ });
  t.match(await run(['backup', 'a', '--lisen', 'b']), { code: 2, err: /unknown option '--lisen'/ });
  t.match(await run(['backup', 'a', '--config', '/nowhere/x.toml']), {
    code: 2,
    err: /^portholed: .*\/nowhere\/x\.toml/,
  });
  t.match(await run(['admin']), { code: 2, err: /Usage: portholed admin/ });
});

t.test('what nobody foresaw is not swallowed', async (t) => {
  const { operator } = fakeOperator({
    openStateDir: () => {
      throw new TypeError('oops');
    },
    readStdin: () =>
      Promise.resolve('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea x\n'),
  });
  await t.rejects(runOperator(['admin', 'add', '-'], operator), { message: 'oops' });
});
