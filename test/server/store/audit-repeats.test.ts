import fc from 'fast-check';
import t from 'tap';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { AuditRepeats } from '../../../server/store/audit-repeats.ts';

const minuteMs = 60_000;

function refused(at: number, address: string, reason = 'unknown key'): AuditEntry {
  return { at, address, action: 'login.refused', result: 'refused', detail: { reason } };
}

function login(at: number, principal: string): AuditEntry {
  return { at, principal, address: '192.0.2.1', action: 'login', target: 'pr-1', result: 'ok' };
}

t.test(
  'of what a stranger repeats, there is one line, and one with the count when the minute is over',
  (t) => {
    const repeats = new AuditRepeats();
    t.equal(repeats.isNew(refused(1000, '192.0.2.1')), true);
    for (let at = 1001; at <= 1100; at += 1) t.equal(repeats.isNew(refused(at, '192.0.2.1')), false);
    t.equal(repeats.isNew(refused(1001, '192.0.2.2')), true, 'another source');
    t.equal(repeats.isNew(refused(1001, '192.0.2.1', 'expired')), true, 'another reason');
    t.same(repeats.take(minuteMs), []);
    const [sum, ...others] = repeats.take(1000 + minuteMs);
    t.same(others, []);
    t.equal(sum?.at, 1100);
    t.equal(sum?.address, '192.0.2.1');
    t.same(sum?.detail, { reason: 'unknown key', repeated: 100, since: new Date(1000).toISOString() });
    t.equal(repeats.isNew(refused(70_000, '192.0.2.1')), true, 'and it begins anew');
    t.end();
  },
);

t.test('each session through the gate has its own lines, as long as people could make them', (t) => {
  const repeats = new AuditRepeats();
  const closed = (at: number): AuditEntry => ({
    ...login(at, 'ana'),
    action: 'gate.close',
    detail: { session: `s${String(at)}`, bytesUp: at, reason: 'ended' },
  });
  const lines = Array.from({ length: 7000 }, (_, at) => repeats.isNew(closed(at)));
  t.equal(lines.filter(Boolean).length, 6000);
  t.match(repeats.take(minuteMs), [{ action: 'gate.close', detail: { repeated: 1000 } }]);
  t.end();
});

t.test('what people who may do it do has its own lines, unless it is a loop', (t) => {
  const repeats = new AuditRepeats();
  const lines = Array.from({ length: 50 }, (_, at) => repeats.isNew(login(at, 'ana')));
  t.equal(lines.filter(Boolean).length, 20);
  t.equal(repeats.isNew(login(1, 'ben')), true);
  t.same(
    repeats.take().map(({ principal, detail }) => [principal, detail?.['repeated']]),
    [['ana', 30]],
  );
  t.end();
});

t.test('a source that finds ever new reasons is one source', (t) => {
  const repeats = new AuditRepeats();
  let lines = 0;
  for (let each = 0; each < 1000; each += 1)
    if (repeats.isNew(refused(1, '192.0.2.1', `no such key type "${String(each)}"`))) lines += 1;
  t.equal(lines, 5);
  t.end();
});

t.test('many sources share one line', (t) => {
  const repeats = new AuditRepeats();
  let lines = 0;
  for (let each = 0; each < 5000; each += 1)
    if (repeats.isNew(refused(1, `2001:db8:0:${each.toString(16)}::1`))) lines += 1;
  t.ok(lines <= 64, String(lines));
  const sums = repeats.take();
  t.equal(sums.length, 1);
  t.equal(sums[0]?.address, undefined);
  t.equal(lines + Number(sums[0]?.detail?.['repeated']), 5000);
  t.end();
});

t.test('a thousand machines that come back at once each have their line', (t) => {
  const repeats = new AuditRepeats();
  for (let each = 0; each < 1000; each += 1) t.ok(repeats.isNew(login(1, `machine-${String(each)}`)));
  t.same(repeats.take(), []);
  t.end();
});

t.test('a clock that was set back keeps nothing waiting', (t) => {
  const repeats = new AuditRepeats();
  repeats.isNew(refused(10 * minuteMs, '192.0.2.1'));
  repeats.isNew(refused(10 * minuteMs, '192.0.2.1'));
  t.equal(repeats.take(minuteMs).length, 1);
  t.end();
});

t.test('what it keeps is bounded, however long it goes on', (t) => {
  const repeats = new AuditRepeats();
  let most = 0;
  for (let at = 0; at < 300_000; at += 10) {
    const n = at / 10;
    repeats.isNew(
      refused(at, `2001:db8:${(n >> 12).toString(16)}:${(n & 4095).toString(16)}::1`, `${n % 7}`),
    );
    if (at % 10_000 === 0) repeats.take(at);
    most = Math.max(most, repeats.size);
  }
  t.ok(most <= 2 * 64 + 4, String(most));
  repeats.take();
  t.equal(repeats.size, 0);
  t.end();
});

t.test('whatever happens, nothing is uncounted', (t) => {
  const entry = fc.record({
    host: fc.integer({ min: 1, max: 100 }),
    reason: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    known: fc.boolean(),
    waitMs: fc.nat(2000),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 400 }), (entries) => {
      const repeats = new AuditRepeats();
      let at = 0;
      let told = 0;
      for (const { host, reason, known, waitMs } of entries) {
        at += waitMs;
        const stranger = refused(at, `192.0.2.${String(host)}`, reason);
        if (repeats.isNew(known ? { ...stranger, principal: 'ana' } : stranger)) told += 1;
        for (const sum of repeats.take(at)) told += Number(sum.detail?.['repeated']);
      }
      for (const sum of repeats.take()) told += Number(sum.detail?.['repeated']);
      return told === entries.length;
    }),
  );
  t.end();
});
