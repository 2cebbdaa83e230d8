// A member may add, limit and revoke their own keys, and learns nothing of anybody else's.
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { startPublicGateway } from '../support/dial.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('own keys, within own limits; those of others are not there', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const admin = commandsBySsh(t, gateway, key);
  const [ana, ben, robot] = [makeKey(t), makeKey(t), makeKey(t)];
  await admin('key add --name ana --role member --env pr-* --expires 10d', ana.line);
  await admin('key add --name ben --role member', ben.line);
  const member = commandsBySsh(t, gateway, ana);

  t.match(await member('key add --name robot', robot.line), {
    code: 0,
    stdout: /^added ana\/robot\n.*may use +pr-\*\n.*in 1?\d days/s,
  });
  const listed = await member('key list');
  t.match(listed.stdout, /ana.*\n.*robot/);
  t.notMatch(listed.stdout, /ben/);
  const other = makeKey(t);
  for (const more of ['--role admin', '--env main', '--expires never', '--expires 11d', '--principal ben'])
    t.match(await member(`key add ${more}`, other.line), { code: 3, stdout: '' }, more);
  t.match(await member('key expire ana never'), { code: 3 });
  t.match(await member('key add', ben.line), {
    code: 1,
    stderr: 'porthole: this key is known here already\n',
  });

  for (const words of [
    'key show ben',
    'key rm ben',
    'key revoke ben/ben',
    'key rename ben x',
    'key expire ben now',
  ]) {
    const told = await member(words);
    t.equal(told.code, 1, words);
    t.equal(
      told.stderr,
      (await member(words.replace(/ben(\/ben)?/, 'nobody'))).stderr.replace(
        'nobody',
        words.split(' ')[2] ?? '',
      ),
    );
  }
  t.match(await admin('key show ben'), { code: 0, stdout: /state +active/ });

  t.match(await member('key rename robot ci'), { code: 0 });
  t.match(await member('key prefer ci'), { code: 0 });
  t.match(await member('key revoke ci'), { code: 0 });
  t.match(await commandsBySsh(t, gateway, robot)('key list'), { code: 255 });
  t.match(await member('key rm ci'), { code: 3 }, 'what was revoked stays known');
  t.match(await admin('key rm ana/ci'), { code: 0 });
});
