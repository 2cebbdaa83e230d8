import t from 'tap';
import { applyChanges } from '../../../server/identity/key-changes.ts';
import type { KeyChange } from '../../../server/identity/key-record.ts';
import { KeyRing } from '../../../server/identity/key-ring.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { readKeys, writeKeys, writeUses } from '../../../server/store/key-queries.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const laptop = freshKey(t);
const phone = freshKey(t, { name: 'phone' });
const context = { now: 5, otherAdmins: [] };

t.test('what is written is read again, more than fits one statement too', async (t) => {
  const { db, close } = await openDatabase(scratchDir(t));
  t.teardown(close);
  const names = Array.from({ length: 1200 }, (_, i) => `principal-${i}`);
  const principals = names.map((name): KeyChange => ({ kind: 'principal', name }));
  const added = applyChanges(
    new KeyRing(),
    [...principals, { kind: 'add', key: laptop }, { kind: 'add', key: phone }],
    context,
  );
  await writeKeys(db, added, 5);
  const read = await readKeys(db, new KeyRing());
  t.same(read.problems, []);
  t.same(read.ring.ofPrincipal('ana'), [recordOf(laptop), recordOf(phone)]);
  t.ok(names.every((name) => read.ring.hasPrincipal(name)));
  const removed = applyChanges(read.ring, [{ kind: 'remove', fingerprint: laptop.fingerprint }], context);
  await writeKeys(db, removed, 6);
  t.same([...(await readKeys(db, read.ring)).ring.all()], [recordOf(phone)]);
});

t.test('of the uses of a key the last one counts, and the highest counter', async (t) => {
  const { db, close } = await openDatabase(scratchDir(t));
  t.teardown(close);
  const added = applyChanges(new KeyRing(), [{ kind: 'add', key: laptop }], context);
  await writeKeys(db, added, 5);
  const { fingerprint } = laptop;
  const used = async () => (await readKeys(db, new KeyRing())).ring.byFingerprint(fingerprint);
  await writeUses(db, [
    [fingerprint, { at: 20.7, address: 'b', counter: 9 }],
    ['SHA256:nobody', { at: 1, address: 'x' }],
  ]);
  t.match(await used(), { lastUsedAt: 20, lastUsedFrom: 'b', counter: 9 });
  await writeUses(db, [[fingerprint, { at: 10, address: 'a', counter: 4 }]]);
  t.match(await used(), { lastUsedAt: 20, lastUsedFrom: 'b', counter: 9 });
  await writeUses(db, [[fingerprint, { at: 30, address: 'c' }]]);
  t.match(await used(), { lastUsedAt: 30, lastUsedFrom: 'c', counter: 9 });
  const renamed: KeyChange = { kind: 'update', fingerprint, set: { name: 'other' } };
  await writeKeys(db, applyChanges(added.ring, [renamed], context), 5);
  t.match(await used(), { name: 'other', lastUsedAt: 30, counter: 9 }, 'a change leaves that alone');
});

t.test('all or nothing', async (t) => {
  const { db, close } = await openDatabase(scratchDir(t));
  t.teardown(close);
  await writeKeys(db, applyChanges(new KeyRing(), [{ kind: 'add', key: laptop }], context), 5);
  const bad = { at: NaN, address: 'b' };
  const failed = writeUses(db, [
    [laptop.fingerprint, { at: 20, address: 'a' }],
    [laptop.fingerprint, bad],
  ]);
  await t.rejects(failed);
  const { ring } = await readKeys(db, new KeyRing());
  t.same([...ring.all()], [recordOf(laptop)]);
});
