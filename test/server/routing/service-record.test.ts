import t from 'tap';
import { ServiceRecord, type Moment } from '../../../server/routing/service-record.ts';
import { FakeForward } from '../../support/fake-forward.ts';

const route = { env: 'pr-1', service: 'web', port: undefined };
const moment = (ms: number): Moment => ({ monotonicMs: ms, wallMs: 1_000_000 + ms, holdMs: 100 });

function make(...forwards: FakeForward[]): ServiceRecord {
  const record = new ServiceRecord(route, 'private', 0);
  for (const forward of forwards) record.add(forward, moment(0));
  return record;
}

t.test('without a forward it is what its last one left', (t) => {
  const forward = new FakeForward();
  const record = make(forward);
  t.equal(record.state, 'ready');
  t.equal(record.choose(0)?.forward, forward);
  forward.end();
  record.remove(forward, { kind: 'lost' }, moment(10));
  t.equal(record.state, 'reconnecting');
  t.equal(record.choose(10), undefined);
  t.equal(record.heldUntilMs, 110);
  t.equal(record.sinceMs, 1_000_010);
  record.pass({ kind: 'hold-over' }, moment(110));
  t.equal(record.state, 'offline');
  t.equal(record.sinceMs, 1_000_010, 'gone since then');
  t.equal(record.heldUntilMs, Infinity);
  record.add(new FakeForward(), moment(200));
  t.equal(record.state, 'ready');
  t.equal(record.sinceMs, 1_000_200);
  t.end();
});

t.test('it is as good as its best forward', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const record = make(older, newer);
  t.equal(record.heed(newer, { kind: 'opened', result: 'refused', detail: 'no' }, moment(10)), true);
  t.equal(record.state, 'ready');
  t.equal(record.heed(older, { kind: 'opened', result: 'timeout' }, moment(20)), true);
  t.match(record.view(), { state: 'degraded', sinceMs: 1_000_020, detail: 'no' });
  t.equal(record.heed(older, { kind: 'opened', result: 'timeout' }, moment(30)), false);
  t.equal(record.heed(new FakeForward(), { kind: 'opened', result: 'accepted' }, moment(30)), false);
  newer.end();
  record.remove(newer, { kind: 'lost' }, moment(40));
  t.match(record.view(), { state: 'degraded', sinceMs: 1_000_020, detail: /in time/ });
  record.heed(older, { kind: 'opened', result: 'accepted' }, moment(50));
  t.match(record.view(), { state: 'ready', sinceMs: 1_000_050, detail: undefined });
  t.end();
});

t.test('a forward that times out is left alone for longer and longer, up to half a minute', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const record = make(older, newer);
  record.heed(newer, { kind: 'opened', result: 'timeout' }, moment(0));
  const tries: number[] = [];
  for (let ms = 0; ms < 130_000; ms += 100) if (record.choose(ms)?.forward === newer) tries.push(ms / 1000);
  t.same(tries, [1, 3, 7, 15, 31, 61, 91, 121]);
  record.heed(newer, { kind: 'opened', result: 'accepted' }, moment(130_000));
  record.heed(newer, { kind: 'opened', result: 'timeout' }, moment(130_000));
  t.equal(record.choose(130_999)?.forward, older);
  t.equal(record.choose(131_000)?.forward, newer, 'it begins anew');
  t.end();
});

t.test('a forward whose machine is silent gets nothing while another works, until it is heard again', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const record = make(older, newer);
  t.equal(record.heed(newer, { kind: 'silent' }, moment(0)), true);
  t.equal(record.heed(newer, { kind: 'opened', result: 'timeout' }, moment(0)), false);
  for (let ms = 0; ms < 100_000; ms += 1000) if (record.choose(ms)?.forward !== older) t.fail('a request');
  t.match(record.choose(0), { forward: older, standby: undefined });
  t.equal(record.heed(newer, { kind: 'heard' }, moment(100_000)), true);
  t.match(record.choose(0), { forward: newer, standby: older });
  older.end();
  record.remove(older, { kind: 'lost' }, moment(100_000));
  record.heed(newer, { kind: 'silent' }, moment(100_000));
  t.match(record.view(), { state: 'degraded', detail: /nothing is heard/ });
  t.equal(record.choose(0)?.forward, newer, 'there is no other');
  t.end();
});

t.test('its access is that of the newest forward', (t) => {
  const [older, newer] = [new FakeForward({ access: 'team' }), new FakeForward({ access: 'public' })];
  const record = make(older, newer);
  t.equal(record.access, 'public');
  older.access = 'private';
  t.equal(record.refresh(older), false);
  newer.access = 'team';
  t.equal(record.refresh(newer), true);
  t.equal(record.refresh(newer), false);
  t.equal(record.access, 'team');
  t.same(record.forwards, [newer, older]);
  t.end();
});

t.test('from where it may be visited is known after it went, and after a restart', (t) => {
  const from = '192.0.2.0/24';
  const forward = new FakeForward({ options: { from } });
  const record = make(forward);
  t.equal(record.view().from, from);
  forward.options = { from: '10.0.0.0/8' };
  t.equal(record.refresh(forward), true);
  t.equal(record.refresh(forward), false);
  record.remove(forward, { kind: 'lost' }, moment(10));
  t.equal(record.from, '10.0.0.0/8');
  const recalled = new ServiceRecord(route, 'public', 5000);
  recalled.recall('ready', moment(50), from);
  t.equal(recalled.view().from, from);
  t.end();
});

t.test('recalled, it is what it was, and gone since then', (t) => {
  const recalled = (state: Parameters<ServiceRecord['recall']>[0]): ServiceRecord => {
    const record = new ServiceRecord(route, 'public', 5000);
    record.recall(state, moment(50));
    return record;
  };
  t.match(recalled('ready').view(), { state: 'reconnecting', sinceMs: 5000, access: 'public' });
  t.equal(recalled('ready').heldUntilMs, 150);
  t.match(recalled('offline').view(), { state: 'offline', sinceMs: 5000 });
  t.equal(recalled('offline').heldUntilMs, Infinity);
  t.match(recalled('expired').view(), { state: 'expired', sinceMs: 5000 });
  t.end();
});
