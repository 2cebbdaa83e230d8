import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  install,
  installPlace,
  namesOfUser,
  uninstall,
  type InstallPlace,
} from '../../../client/ssh-config/install.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const texts = { config: 'Host x\n', knownHosts: 'x y z\n' };

function placeIn(home: string): InstallPlace {
  const place = installPlace(home, home);
  if (!place.ok) throw new Error(place.problem);
  return place.value;
}

function setUp(t: Test) {
  const home = scratchDir(t);
  return { home, place: placeIn(home) };
}

t.test('from nothing, and back to nothing but the folder', (t) => {
  const { home, place } = setUp(t);
  t.same(namesOfUser(place), new Set());
  t.ok(install(place, texts).ok);
  t.equal(statSync(join(home, '.ssh')).mode & 0o777, 0o700);
  t.equal(readFileSync(place.config, 'utf8'), texts.config);
  t.equal(readFileSync(place.knownHosts, 'utf8'), texts.knownHosts);
  writeFileSync(join(place.certificates, 'a-cert.pub'), '');
  t.ok(uninstall(place).ok);
  t.same(readdirSync(join(home, '.ssh')), []);
  t.ok(uninstall(place).ok);
  t.end();
});

t.test('what somebody else put into its folder stays', (t) => {
  const { place } = setUp(t);
  t.ok(install(place, texts).ok);
  writeFileSync(join(place.folder, 'notes'), '');
  t.ok(uninstall(place).ok);
  t.same(readdirSync(place.folder), ['notes']);
  t.end();
});

t.test('what stands in the way is told', (t) => {
  const { home, place } = setUp(t);
  mkdirSync(join(home, '.ssh'));
  writeFileSync(place.userConfig, 'Host me\n');
  chmodSync(place.userConfig, 0o400);
  t.same(namesOfUser(place), new Set(['me']));
  t.match(install(place, texts), { ok: false, problem: /read-only.*Include/ });
  chmodSync(place.userConfig, 0o600);
  t.ok(install(place, texts).ok);
  chmodSync(place.userConfig, 0o400);
  t.match(uninstall(place), { ok: false, problem: /take this line out/ });
  const other = setUp(t);
  mkdirSync(join(other.home, '.ssh'));
  symlinkSync('nowhere', other.place.userConfig);
  t.match(install(other.place, texts), { ok: false, problem: /symbolic link/ });
  const file = scratchDir(t);
  writeFileSync(join(file, '.ssh'), '');
  t.match(install(placeIn(file), texts), { ok: false, problem: /EEXIST|ENOTDIR/ });
  t.notOk(installPlace('/a*', '/b').ok);
  t.end();
});

t.test('a link keeps leading to what is written', (t) => {
  const { home, place } = setUp(t);
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, 'real'), '');
  symlinkSync('../real', place.userConfig);
  t.ok(install(place, texts).ok);
  t.equal(readFileSync(join(home, 'real'), 'utf8'), `${place.line}\n`);
  t.ok(uninstall(place).ok);
  t.equal(readFileSync(join(home, 'real'), 'utf8'), '', 'and is not removed');
  t.end();
});
