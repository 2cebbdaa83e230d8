import t from 'tap';
import { SourceAllowance } from '../../../server/oidc/source-allowance.ts';

const limits = { burst: 3, everyMs: 1000, maxInFlight: 4, maxInFlightPerSource: 2, maxSources: 3 };

t.test('so many at once, then one at a time', async (t) => {
  let now = 0;
  const allowance = new SourceAllowance(limits, () => now);
  const ask = (address: string): boolean => {
    const leave = allowance.enter(address);
    leave?.();
    return leave !== undefined;
  };
  t.same(
    [1, 2, 3, 4].map(() => ask('192.0.2.1')),
    [true, true, true, false],
  );
  t.equal(ask('192.0.2.2'), true, 'another source has its own');
  t.equal(ask('::ffff:192.0.2.1'), false, 'the same in another spelling');
  now = 999;
  t.equal(ask('192.0.2.1'), false);
  now = 1000;
  t.same([ask('192.0.2.1'), ask('192.0.2.1')], [true, false]);
  now = 100_000;
  t.same(
    [1, 2, 3, 4].map(() => ask('192.0.2.1')),
    [true, true, true, false],
    'it never saves up more',
  );
  now = 0;
  t.equal(ask('192.0.2.1'), false, 'a clock that goes back gives nothing');
});

t.test('an IPv6 network is one source', async (t) => {
  const allowance = new SourceAllowance({ ...limits, burst: 1 }, () => 0);
  t.ok(allowance.enter('2001:db8::1'));
  t.notOk(allowance.enter('2001:db8::2'));
});

t.test('so many at the same time', async (t) => {
  const allowance = new SourceAllowance({ ...limits, burst: 100, maxSources: 100 }, () => 0);
  const first = allowance.enter('192.0.2.1');
  t.ok(allowance.enter('192.0.2.1'));
  t.notOk(allowance.enter('192.0.2.1'), 'of one source');
  t.ok(allowance.enter('192.0.2.2'));
  t.ok(allowance.enter('192.0.2.3'));
  t.notOk(allowance.enter('192.0.2.4'), 'in all');
  first?.();
  first?.();
  t.ok(allowance.enter('192.0.2.4'));
  t.notOk(allowance.enter('192.0.2.5'), 'a place is given back once');
});

t.test('sources are forgotten, the quiet ones first', async (t) => {
  const allowance = new SourceAllowance({ ...limits, burst: 1 }, () => 0);
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) allowance.enter(address)?.();
  t.notOk(allowance.enter('192.0.2.1'));
  allowance.enter('192.0.2.4')?.();
  t.notOk(allowance.enter('192.0.2.1'), 'it was heard of since');
  t.ok(allowance.enter('192.0.2.2'), 'this one was not');
});
