import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { dialIn } from '../support/machine.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const team = await JumpTeam.start(t);
await team.machine();

const names = [
  '-oProxyCommand=touch /tmp/x',
  '--',
  '',
  ' ',
  'pr-1 ',
  ' pr-1',
  'pr-1\n',
  'pr-1\nHost *',
  'pr-1\r\nreceived: nothing',
  'pr-1\0.example.com',
  '%h',
  '%%h%p%r',
  '$(touch /tmp/x)',
  '`touch /tmp/x`',
  '$' + '{HOME}',
  '"pr-1"',
  "'pr-1'",
  'pr-1;true',
  '../../etc/passwd',
  'pr-1/22',
  'pr-1:22',
  '\u001b[2J\u001b]0;title\u0007',
  '\u202epr-1',
  'ｐｒ-１',
  'pr-1\u0301',
  'constructor',
  '__proto__',
  'x'.repeat(1000),
  'x'.repeat(30_000),
  `${'x.'.repeat(500)}pr-1`,
  'ssh..pr-1',
  '.pr-1',
  'pr-1..',
];

t.test(
  'no name is taken for anything but a name, and what is told of it is one printable line',
  async (t) => {
    const ana = await dialIn(t, team.gateway.port, { key: team.keys.ana, user: 'engineer' });
    for (const name of names) {
      for (const port of [22, 0, 65_535]) {
        const reason = await new Promise<string>((resolve) => {
          ana.client.forwardOut('127.0.0.1', 65_535, name, port, (error, channel) => {
            if (error === undefined) channel.destroy();
            resolve(error === undefined ? 'opened' : error.message);
          });
        });
        t.match(reason, /\(ERR_[A-Z_]+\)$/, JSON.stringify(name.slice(0, 40)));
        t.notMatch(reason, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, JSON.stringify(reason.slice(0, 80)));
        t.ok(reason.length < 500, 'short enough to read');
      }
    }
    t.match(await over(team.ssh('ana', ['pr-1', 'echo', 'still here'])), { code: 0, stdout: 'still here\n' });
  },
);

t.test('the same for user names, which decide nothing', async (t) => {
  for (const user of names.filter((name) => !name.includes('\0') && name.length <= 1000)) {
    const ana = await dialIn(t, team.gateway.port, { key: team.keys.ana, user }).catch(
      (error: unknown) => error,
    );
    if (ana instanceof Error) continue;
  }
  t.match(await over(team.ssh('ana', ['-J', 'gw', 'pr-1', 'echo', 'still here'])), {
    code: 0,
    stdout: 'still here\n',
  });
});

t.test('words of ssh itself in a name', async (t) => {
  const mark = join(scratchDir(t), 'mark');
  for (const name of [`-oProxyCommand=touch ${mark}`, `pr-1$(touch ${mark})`, `pr-1;touch ${mark}`, 'a b']) {
    const { code } = await over(team.ssh('ana', ['-J', 'gw', '--', name]));
    t.equal(code, 255, name);
  }
  t.notOk(existsSync(mark));
});

t.test('the audit holds what was asked for, and can be read', async (t) => {
  const lines = await team.told('root', ['audit', '--action', 'gate.refused', '--limit', '1000']);
  t.ok(JSON.stringify(lines).length > 100);
  const { code, stdout } = await team.command('root', [
    'audit',
    '--action',
    'gate.refused',
    '--limit',
    '1000',
  ]);
  t.equal(code, 0);
  const text = Buffer.from(stdout, 'latin1')
    .toString('utf8')
    .replaceAll(/[\r\n]/g, '');
  t.notMatch(text, /[\p{Cc}\u202e]/u, 'and brings no control characters to a terminal');
});
