import t from 'tap';
import type { SessionRecord } from '../../../server/access/session-record.ts';
import { SessionSweep } from '../../../server/access/session-sweep.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { createLog } from '../../support/log-lines.ts';
import { until } from '../../support/until.ts';
import { keyAccount, newSession } from '../../support/visit-records.ts';

const now = 1_000_000;

function setting() {
  const sessions = new Map<string, SessionRecord>();
  const gone = new Set<string>();
  const ends: { ids: readonly string[]; reason: string; audit: AuditEntry }[] = [];
  const purged = { sessions: 0, grants: 0 };
  const failing: { with?: Error } = {};
  const { log, lines } = createLog();
  const add = (principal: string, overrides: Partial<SessionRecord> = {}): string => {
    const session = newSession({ createdAt: now, account: keyAccount({ principal }) });
    const seen = { lastSeenAt: now, lastSeenFrom: '', endedAt: undefined, endedReason: undefined };
    sessions.set(session.id, { ...session, ...seen, ...overrides });
    return session.id;
  };
  const sweep = new SessionSweep({
    sessions: {
      all: () => sessions.values(),
      end: (ids, reason, audit) => {
        if (failing.with !== undefined) return Promise.reject(failing.with);
        ends.push({ ids, reason, audit });
        for (const id of ids) sessions.delete(id);
        return Promise.resolve();
      },
      purge: () => Promise.resolve(void (purged.sessions += 1)),
    },
    grants: { purge: () => Promise.resolve(void (purged.grants += 1)) },
    viewers: { viewerOf: (account) => (gone.has(accountNameOf(account)) ? undefined : ({} as never)) },
    log,
    ...{ intervalMs: 2, purgeMs: 2, now: () => now },
  });
  return { sweep, add, gone, ends, purged, failing, lines };
}

const accountNameOf = (account: SessionRecord['account']): string =>
  account.kind === 'key' ? account.principal : account.subject;

t.test('logins of accounts that are gone end, all of one with one line', async (t) => {
  const { sweep, add, gone, ends } = setting();
  const [one, two] = [add('ana'), add('ana')];
  add('bob');
  add('ana', { expiresAt: now });
  add('ana', { endedAt: now - 1, endedReason: 'x' });
  await sweep.sweep();
  gone.add('ana');
  await sweep.sweep();
  t.same(ends, [], 'not at the first look: a file may be being written');
  await sweep.sweep();
  t.match(ends, [
    { ids: [one, two], audit: { action: 'session.end', target: 'ana', detail: { sessions: [one, two] } } },
  ]);
  await sweep.sweep();
  t.equal(ends.length, 1);
});

t.test('an account that is back in time keeps its logins', async (t) => {
  const { sweep, add, gone, ends } = setting();
  add('ana');
  for (const isGone of [true, false, true, false]) {
    if (isGone) gone.add('ana');
    else gone.delete('ana');
    await sweep.sweep();
  }
  t.same(ends, []);
});

t.test('a store that cannot write has them end later', async (t) => {
  const { sweep, add, gone, ends, failing, lines } = setting();
  add('ana');
  gone.add('ana');
  failing.with = new Error('full');
  await sweep.sweep();
  await sweep.sweep();
  t.match(lines, [{ level: 'warn', account: 'ana' }]);
  delete failing.with;
  await sweep.sweep();
  t.equal(ends.length, 1);
});

t.test('it looks again and again until it is stopped', async (t) => {
  const { sweep, add, gone, ends, purged } = setting();
  add('ana');
  gone.add('ana');
  sweep.start();
  sweep.start();
  t.teardown(() => {
    sweep.stop();
  });
  await until('the logins have ended', () => ends.length === 1);
  await until('what is over is forgotten', () => purged.sessions > 1 && purged.grants > 1);
  sweep.stop();
});
