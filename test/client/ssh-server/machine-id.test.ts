import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { KnownIds } from '../../../client/ssh-server/known-ids.ts';
import {
  freshMachineId,
  machineId,
  machineIdPath,
  parseUuid,
} from '../../../client/ssh-server/machine-id.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const uuid = '6f1d9f3e-58a4-4c3a-9d3e-0123456789ab';
const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

t.test('a UUID is read in any case, and nothing else is one', async (t) => {
  t.equal(parseUuid(` ${uuid.toUpperCase()}\n`), uuid);
  for (const text of ['', 'x', `${uuid}0`, uuid.replaceAll('-', ''), `${uuid}\n${uuid}`])
    t.equal(parseUuid(text), undefined, text);
  fc.assert(fc.property(fc.uuid(), (text) => parseUuid(text) === text));
  fc.assert(
    fc.property(fc.string(), (text) => [undefined, text.trim().toLowerCase()].includes(parseUuid(text))),
  );
});

t.test('it lies beside the own key of the client, one for each gateway and environment', async (t) => {
  const of = (gateway: string, env: string): string =>
    machineIdPath({ gateway, env }, { env: { XDG_STATE_HOME: '/state' }, home: '/home/ana' });
  t.equal(of('gw.example.com', 'pr-42'), '/state/porthole/client/machines/gw.example.com/pr-42');
  const home = machineIdPath({ gateway: 'gw', env: 'e' }, { env: {}, home: '/home/ana' });
  t.equal(home, '/home/ana/.local/state/porthole/client/machines/gw/e');
  for (const odd of ['..', '.', '', '../../x', 'A', '::1', 'a/b', 'x'.repeat(300), '_x']) {
    t.match(of('gw', odd), /\/machines\/gw\/_[0-9a-f]{32}$/, odd);
    t.match(of(odd, 'pr-1'), /\/machines\/_[0-9a-f]{32}\/pr-1$/, odd);
  }
});

t.test('made once, for its user alone, and read from then on', async (t) => {
  const path = join(scratchDir(t), 'client', 'machines', 'gw', 'pr-1');
  const made = machineId(path);
  t.match(made, { uuid: form, problem: undefined });
  t.same(machineId(path), made);
  t.equal(readFileSync(path, 'utf8'), `${made.uuid}\n`);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  t.same(readdirSync(dirname(path)), ['pr-1'], 'nothing else is left');
});

t.test('a damaged one is told, and made anew', async (t) => {
  const path = join(scratchDir(t), 'pr-1');
  for (const text of ['', 'x', '\0'.repeat(50), `${uuid} and more`]) {
    writeFileSync(path, text);
    const made = machineId(path);
    t.match(made, { uuid: form, problem: /is damaged: this machine has a new id now$/ });
    t.same(machineId(path), { uuid: made.uuid });
  }
  const fresh = freshMachineId(path);
  t.not(fresh.uuid, uuid);
  t.same(machineId(path), fresh);
});

t.test('where it cannot be kept there is one all the same', async (t) => {
  const file = join(scratchDir(t), 'file');
  writeFileSync(file, '');
  t.match(machineId(join(file, 'pr-1')), { uuid: form, problem: /cannot be kept, and is another next time/ });
  const folder = join(scratchDir(t), 'folder');
  mkdirSync(folder);
  t.match(machineId(folder), { uuid: form, problem: /cannot be kept/ }, 'a folder in its place');
  t.ok(existsSync(folder));
  chmodSync(folder, 0o700);
});

t.test('what is known of ids stays as it was read first', async (t) => {
  const folder = scratchDir(t);
  const ids = new KnownIds(undefined, (env) => join(folder, env));
  const { uuid: first } = ids.of('pr-1');
  t.not(ids.of('pr-2').uuid, first);
  writeFileSync(join(folder, 'pr-1'), uuid);
  t.equal(ids.of('pr-1').uuid, first);
  t.equal(ids.renew('pr-1'), true);
  t.not(ids.of('pr-1').uuid, first);
  t.equal(ids.of('pr-1').uuid, readFileSync(join(folder, 'pr-1'), 'utf8').trim());
  t.equal(ids.renew('pr-1'), false, 'once');
  t.equal(ids.renew('pr-2'), true);
  writeFileSync(join(folder, 'pr-3'), 'x');
  t.match(ids.of('pr-3').problem, 'is damaged');
  t.equal(ids.of('pr-3').problem, undefined, 'said once');
});

t.test('an id that the user has given is never another', async (t) => {
  const ids = new KnownIds(uuid, () => t.fail('no file is looked at') as never);
  t.same(ids.of('pr-1'), { uuid });
  t.equal(ids.renew('pr-1'), false);
  t.same(ids.of('pr-1'), { uuid });
});
