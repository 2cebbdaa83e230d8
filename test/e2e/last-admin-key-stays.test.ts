// Whatever is done to keys, somebody can still manage the gateway.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { nextLine, startPublicGateway } from '../support/dial.ts';
import { Portholed } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('the last key of an admin is neither removed nor revoked nor expired', async (t) => {
  const [boss, deputy] = [makeKey(t), makeKey(t)];
  const keysFile = join(scratchDir(t), 'keys');
  writeFileSync(keysFile, `${boss.line}\n`);
  const gateway = await Portholed.start(t, ['--authorized-keys', keysFile]);
  const admin = commandsBySsh(t, gateway, boss);
  t.match(await admin('key add --name deputy --role admin', deputy.line), { code: 0 });
  const emptied = nextLine(gateway, (line) => line.msg === 'authorized keys read again');
  writeFileSync(keysFile, '');
  await emptied;
  const last = commandsBySsh(t, gateway, deputy);
  for (const words of ['key rm deputy', 'key revoke deputy', 'key expire deputy now'])
    t.match(await last(words), { code: 1, stdout: '', stderr: /last key of an admin/ }, words);
  t.match(await last('key list'), { code: 0, stdout: /deputy +deputy +admin/ });
  t.match(await last('key add --name other --role admin', makeKey(t).line), { code: 0 });
  t.match(await last('key rm deputy'), { code: 0 });
});

t.test('an admin of the file counts', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const admin = commandsBySsh(t, gateway, key);
  t.match(await admin('key add --name other --role admin', makeKey(t).line), { code: 0 });
  t.match(await admin('key rm other'), { code: 0 });
});
