import t from 'tap';
import type { AdminCommands, AdminReply } from '../../../server/ssh/admin-commands.ts';
import { runAdminCommand } from '../../../server/ssh/admin-session.ts';
import type { InputKind } from '../../../server/ssh/session-input.ts';
import { identityOf } from '../../support/admin-setting.ts';

interface Shown {
  readonly said: string[];
  readonly asked: (readonly string[])[];
}

async function run(reply: AdminReply, options: { gone?: boolean; wanted?: InputKind } = {}): Promise<Shown> {
  const said: string[] = [];
  const asked: (readonly string[])[] = [];
  const admin: AdminCommands = {
    firstWords: ['key'],
    help: () => [],
    run: async (words, { readInput }) => {
      const input = await readInput(options.wanted ?? 'public-key');
      asked.push([...words, input.ok ? input.value : input.problem]);
      return reply;
    },
  };
  await runAdminCommand(['key', 'add'], {
    admin,
    connection: { env: 'pr-1', tunnelId: 'one' },
    caller: () => ({ ok: true, value: { identity: identityOf(), address: '' } }),
    terminal: true,
    input: { read: () => Promise.resolve({ ok: true, value: 'a key' }) },
    output: {
      whole: (lines) =>
        Promise.resolve(said.push(...lines.map((line) => `out ${line}`)) < 0 || options.gone !== true),
      error: (text) => said.push(`error ${text}`),
      remark: (text) => said.push(`remark ${text}`),
      exit: (status) => said.push(`exit ${String(status)}`),
      cut: () => said.push('cut'),
    },
  });
  return { said, asked };
}

t.test('what is answered is shown, then the session ends', async (t) => {
  const { said, asked } = await run({ stdout: ['a', 'b'], stderr: ['c', 'd'], status: 0 });
  t.same(said, ['out a', 'out b', 'remark c', 'remark d', 'exit 0']);
  t.same(asked, [['key', 'add', 'a key']]);
});

t.test('of an error the first line says whose it is', async (t) => {
  const { said } = await run({ stdout: [], stderr: ['no', 'usage'], status: 2 });
  t.same(said, ['error no', 'remark usage', 'exit 2']);
});

t.test('a reader that does not read is cut off', async (t) => {
  t.same((await run({ stdout: ['a'], stderr: ['b'], status: 0 }, { gone: true })).said, ['out a', 'cut']);
});

t.test('who types a secret is told so first', async (t) => {
  const { said } = await run({ stdout: ['a'], stderr: [], status: 0 }, { wanted: 'secret' });
  t.match(said, [/^remark Type the password/, 'out a', 'exit 0']);
});
