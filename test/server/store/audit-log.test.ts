import t, { type Test } from 'tap';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { AuditLog, type AuditLogOptions } from '../../../server/store/audit-log.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const dayMs = 86_400_000;

async function make(t: Test, overrides: Partial<AuditLogOptions> = {}) {
  const database = await openDatabase(scratchDir(t));
  const { log, lines } = createLog();
  const options = { database, log, retentionMs: 30 * dayMs, writeIntervalMs: 1, ...overrides };
  const audit = new AuditLog(options);
  t.teardown(async () => {
    await audit.close();
    await database.close();
  });
  return { audit, database, logLines: lines };
}

function line(at: number, more: Partial<AuditEntry> = {}): AuditEntry {
  return { at, principal: `p-${String(at)}`, action: 'login', result: 'ok', ...more };
}

const seldom = { writeIntervalMs: 3_600_000 };

t.test('what is recorded is written a little later, and listed at once', async (t) => {
  const { audit, database } = await make(t);
  audit.record(line(1));
  await until('it is written', async () => {
    const rows = await database.db.selectFrom('audit').selectAll().execute();
    return rows.length === 1;
  });
  const { audit: waiting } = await make(t, seldom);
  waiting.record(line(1));
  waiting.record(line(2));
  t.match(await waiting.list({ limit: 10 }), [{ at: 1, principal: 'p-1' }, { at: 2 }]);
  t.match(await waiting.list({ limit: 10, principal: 'p-2' }), [{ at: 2 }]);
});

t.test('what was recorded before the end is written at the end, and nothing after it', async (t) => {
  const { audit, database } = await make(t, seldom);
  audit.record(line(1));
  audit.record({ at: 1, address: '192.0.2.1', action: 'login.refused', result: 'refused' });
  audit.record({ at: 2, address: '192.0.2.1', action: 'login.refused', result: 'refused' });
  await Promise.all([audit.close(), audit.close()]);
  audit.record(line(3));
  await audit.close();
  const rows = await database.db.selectFrom('audit').select(['at', 'detail']).orderBy('id').execute();
  t.match(rows, [{ at: 1 }, { at: 1 }, { at: 2, detail: /"repeated":1/ }]);
});

t.test('floods are summed up when their minute is over', async (t) => {
  const clock = { at: 1000 };
  const { audit, database } = await make(t, { now: () => clock.at, sumMs: 1 });
  for (let count = 0; count < 1000; count += 1)
    audit.record({ at: 1000 + count, address: '192.0.2.1', action: 'login.refused', result: 'refused' });
  clock.at = 62_000;
  await until('the sum', async () => {
    const rows = await database.db.selectFrom('audit').select('detail').orderBy('id').execute();
    return rows.length === 2 && rows[1]?.detail?.includes('"repeated":999') === true;
  });
});

t.test(
  'while the disk fails nothing throws; what is lost is counted, and told when it works again',
  async (t) => {
    const { audit, database, logLines } = await make(t, { maxPending: 3 });
    await database.db.schema.alterTable('audit').renameTo('away').execute();
    for (let at = 1; at <= 10; at += 1) audit.record(line(at));
    await until('it is told', () =>
      logLines.some(({ msg }) => msg.startsWith('the audit cannot be written')),
    );
    await t.rejects(audit.list({ limit: 10 }), { code: 'ERR_STORE_UNAVAILABLE' });
    await database.db.schema.alterTable('away').renameTo('audit').execute();
    await until('it is written', async () => (await audit.list({ limit: 10 })).length === 4);
    t.match(await audit.list({ limit: 10 }), [
      { at: 1 },
      { at: 2 },
      { at: 3 },
      { action: 'audit.lost', result: 'failed', detail: { lines: 7 } },
    ]);
    t.equal(logLines.filter(({ msg }) => msg.startsWith('lines of the audit were lost')).length, 1);
  },
);

t.test('old lines go, a while after the start', async (t) => {
  const { audit } = await make(t, { pruneMs: 20 });
  const now = Date.now();
  audit.record(line(now - 31 * dayMs));
  audit.record(line(now - 29 * dayMs));
  audit.record(line(now));
  t.equal((await audit.list({ limit: 10 })).length, 3);
  await until('the oldest is gone', async () => (await audit.list({ limit: 10 })).length === 2);
});

t.test('more lines than fit go, the oldest first, but none of the last day', async (t) => {
  const { audit } = await make(t, { pruneMs: 20, maxLines: 2 });
  const now = Date.now();
  for (const daysAgo of [5, 4, 0, 0, 0]) audit.record(line(now - daysAgo * dayMs));
  await until('the old ones are gone', async () => (await audit.list({ limit: 10 })).length === 3);
  t.same(
    (await audit.list({ limit: 10 })).map(({ at }) => at),
    [now, now, now],
  );
});

t.test('that lines cannot be removed is told, and harms nothing', async (t) => {
  const { audit, database, logLines } = await make(t, { pruneMs: 5 });
  await database.db.schema.alterTable('audit').renameTo('away').execute();
  await until('it is told', () => logLines.some(({ msg }) => msg.startsWith('old lines of the audit')));
  await database.db.schema.alterTable('away').renameTo('audit').execute();
  audit.record(line(1));
  t.ok(await audit.list({ limit: 1 }));
});
