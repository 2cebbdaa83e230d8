import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { RememberedEnvironment } from '../../../server/routing/memory.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { selectAudit } from '../../../server/store/audit-queries.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { EnvironmentStore } from '../../../server/store/environment-store.ts';
import { createLog } from '../../support/log-lines.ts';
import { remembered } from '../../support/remembered.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = 50_000;

interface Opened {
  readonly store: EnvironmentStore;
  readonly database: Database;
}

/** A store whose timers never fire. */
async function open(t: Test, dir: string): Promise<Opened> {
  const database = await openDatabase(dir);
  const store = await EnvironmentStore.open({
    ...{ database, log: createLog().log, claimTtlMs: day, maxRemembered: 1000, now: () => now },
    ...{ writeIntervalMs: hour, heartbeatMs: hour, pruneMs: hour },
  });
  t.teardown(async () => {
    await store.release();
    await database.close();
  });
  return { store, database };
}

const audit: AuditEntry = { at: now, principal: 'ana', action: 'env.transfer', target: 'pr-1', result: 'ok' };
const transfer = { kind: 'transfer', env: 'pr-1', to: 'bob', at: now } as const;
const release = { kind: 'release', env: 'pr-1' } as const;
const off = { state: 'offline', online: false } as const;

/** What a process that starts after this one was killed knows. */
async function afterwards(t: Test, dir: string): Promise<readonly RememberedEnvironment[]> {
  const { store } = await open(t, dir);
  return store.recall();
}

async function auditOf({ database }: Opened): Promise<readonly string[]> {
  return (await selectAudit(database.db, { limit: 100 })).map(({ action }) => action);
}

t.test('given away: written when it settles, with its line of the audit', async (t) => {
  const dir = scratchDir(t);
  const opened = await open(t, dir);
  opened.store.remember(remembered('pr-1', { owner: 'ana', lastSeenAt: 1000, sinceMs: 900, ...off }));
  await opened.store.change(transfer, audit);
  t.match(await afterwards(t, dir), [
    { owner: 'bob', givenAt: now, lastSeenAt: 1000, online: false, services: [] },
  ]);
  t.same(await auditOf(opened), ['env.transfer']);
});

t.test('released: gone when it settles, also what had not been written yet', async (t) => {
  const dir = scratchDir(t);
  const opened = await open(t, dir);
  opened.store.remember(remembered('pr-1', { owner: 'ana' }));
  opened.store.remember(remembered('pr-2', { owner: 'ana' }));
  await opened.store.change(release, { ...audit, action: 'env.release' });
  t.same(
    (await afterwards(t, dir)).map(({ name }) => name),
    ['pr-2'],
  );
  t.same(await auditOf(opened), ['env.release']);
});

t.test('what is remembered after it goes on top of it', async (t) => {
  const dir = scratchDir(t);
  const { store } = await open(t, dir);
  store.remember(remembered('pr-1', { owner: 'ana', ...off }));
  await store.change(transfer, audit);
  store.remember(remembered('pr-1', { owner: 'bob', givenAt: now, services: [], ...off }));
  await store.flush();
  t.match(await afterwards(t, dir), [{ owner: 'bob', givenAt: now }]);
  store.remember(remembered('pr-1', { owner: 'bob', ...off }));
  await store.flush();
  t.notOk('givenAt' in ((await afterwards(t, dir))[0] ?? {}), 'it was seen');
});

t.test('a name that was never written can be given away', async (t) => {
  const opened = await open(t, scratchDir(t));
  await opened.store.change(transfer, audit);
  await opened.store.change(release, audit);
  t.equal((await auditOf(opened)).length, 2);
});

t.test('both or neither: the name and the audit', async (t) => {
  const dir = scratchDir(t);
  const opened = await open(t, dir);
  opened.store.remember(remembered('pr-1', { owner: 'ana', ...off }));
  await opened.store.flush();
  await sql`create trigger no_audit before insert on audit begin select raise(abort, 'no'); end`.execute(
    opened.database.db,
  );
  await t.rejects(opened.store.change(transfer, audit), { code: 'ERR_STORE_UNAVAILABLE' });
  await t.rejects(opened.store.change(release, audit), { code: 'ERR_STORE_UNAVAILABLE' });
  t.match(await afterwards(t, dir), [{ name: 'pr-1', owner: 'ana' }]);
});

t.test('a database that cannot be written says so, and is as it was', async (t) => {
  const dir = scratchDir(t);
  const opened = await open(t, dir);
  opened.store.remember(remembered('pr-1', { owner: 'ana', ...off }));
  await opened.store.flush();
  await sql`pragma query_only = on`.execute(opened.database.db);
  await t.rejects(opened.store.change(transfer, audit), { code: 'ERR_STORE_UNAVAILABLE' });
  await sql`pragma query_only = off`.execute(opened.database.db);
  t.match(await opened.store.recall(), [{ owner: 'ana' }]);
  await opened.store.change(transfer, audit);
  t.match(await opened.store.recall(), [{ owner: 'bob' }], 'and works again when it can');
});

t.test(
  'a gateway that was replaced changes nothing any more, nor undoes what its successor did',
  async (t) => {
    const dir = scratchDir(t);
    const old = await open(t, dir);
    old.store.remember(remembered('pr-1', { owner: 'ana', ...off }));
    await old.store.flush();
    const next = await open(t, dir);
    await next.store.change(transfer, audit);
    old.store.remember(remembered('pr-1', { owner: 'ana', ...off }));
    await old.store.release();
    await t.rejects(old.store.change(release, audit), { code: 'ERR_STORE_UNAVAILABLE' });
    t.match(await next.store.recall(), [{ owner: 'bob' }]);
  },
);
