import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { findIdentities } from '../../client/identity.ts';
import { makeOwnKey, type OwnKey, ownKeyPath, readOwnKey } from '../../client/own-key.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('it lies in the state directory of the user', async (t) => {
  t.equal(ownKeyPath({}, '/home/me'), '/home/me/.local/state/porthole/client/id_ed25519');
  t.equal(ownKeyPath({ XDG_STATE_HOME: '/state' }, '/home/me'), '/state/porthole/client/id_ed25519');
  for (const ignored of ['', 'relative'])
    t.match(ownKeyPath({ XDG_STATE_HOME: ignored }, '/home/me'), /^\/home\/me\/\.local/);
});

t.test('it is one that OpenSSH reads, only its user may, and it is never overwritten', async (t) => {
  const file = join(scratchDir(t), 'state', 'client', 'id_ed25519');
  t.equal(readOwnKey(file), undefined);
  const made = makeOwnKey(file);
  if (!made.ok) throw new Error(made.problem);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  t.same(readdirSync(dirname(file)).sort(), ['id_ed25519', 'id_ed25519.pub']);
  const [type, blob] = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ');
  t.match(made.value.publicLine, `${type ?? ''} ${blob?.trim() ?? ''}`);
  t.same(makeOwnKey(file), made);
  t.same(readOwnKey(file), made);
});

t.test('one that others may read, or that is none, is told and left alone', async (t) => {
  const folder = scratchDir(t);
  const file = join(folder, 'id_ed25519');
  writeFileSync(file, 'nonsense', { mode: 0o600 });
  t.match(readOwnKey(file), { ok: false, problem: /is not a private key/ });
  t.match(makeOwnKey(file), { ok: false });
  t.equal(readFileSync(file, 'utf8'), 'nonsense');
  chmodSync(file, 0o640);
  t.match(readOwnKey(file), { ok: false, problem: `chmod 600 ${file}` });
});

t.test('a place where none can be made', async (t) => {
  const folder = scratchDir(t);
  writeFileSync(join(folder, 'state'), '');
  t.match(makeOwnKey(join(folder, 'state', 'key')), { ok: false, problem: /none can be made/ });
});

t.test('it comes after the keys of the user, and is made only where it may', async (t) => {
  const home = scratchDir(t);
  const ownKeyFile = join(home, 'own', 'id_ed25519');
  const made: OwnKey[] = [];
  const options = { file: undefined, agentSocket: undefined, home, ownKeyFile, askPassphrase: undefined };
  t.match(await findIdentities(options), { ok: false, problem: ownKeyFile });
  const first = await findIdentities({ ...options, onKeyMade: (key) => void made.push(key) });
  t.match(first, { ok: true, value: [{ source: ownKeyFile, advice: made[0]?.publicLine }] });
  t.match(await findIdentities(options), first, 'once it is there every command uses it');
  mkdirSync(join(home, '.ssh'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, '.ssh', 'id_ed25519')]);
  const both = await findIdentities(options);
  t.match(both, { ok: true, value: [{ source: /\.ssh/ }, { source: ownKeyFile }] });
  t.equal(made.length, 1);
});
