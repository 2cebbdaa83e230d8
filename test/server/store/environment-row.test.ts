import fc from 'fast-check';
import t from 'tap';
import { fromRow, toRow } from '../../../server/store/environment-row.ts';
import { anyRemembered, remembered } from '../../support/remembered.ts';

const now = 2_000_000_000_000;

t.test('every environment comes back as it was', (t) => {
  fc.assert(
    fc.property(anyRemembered(now), (environment) => {
      const row = toRow(environment, 3);
      t.strictSame(fromRow(row, { aliveAt: 0, now }), { environment, problem: undefined });
    }),
  );
  t.end();
});

t.test('when it was last seen', (t) => {
  const seen = (online: boolean, lastSeenAt: number, aliveAt: number): number | undefined => {
    const row = toRow(remembered('pr-1', { online, lastSeenAt, sinceMs: lastSeenAt }), 1);
    return fromRow(row, { aliveAt, now }).environment?.lastSeenAt;
  };
  t.equal(seen(true, 1000, 5000), 5000, 'online: as long as its gateway was alive');
  t.equal(seen(true, 5000, 1000), 5000, 'or when it was noted, if that was later');
  t.equal(seen(false, 1000, 5000), 1000, 'offline: when it went');
  t.equal(seen(false, now + 1000, 0), now, 'never in the future, whatever the clock was');
  t.equal(seen(true, 1000, now + 1000), now);
  t.end();
});

t.test('an owner that would not come back as it is has no row', (t) => {
  t.equal(toRow(remembered('pr-1', { owner: 'cut\0here' }), 1), undefined);
  t.equal(toRow(remembered('pr-1', { owner: 'half \ud800' }), 1), undefined);
  t.end();
});

t.test('rows that somebody edited', (t) => {
  const good = toRow(remembered('pr-1'), 1);
  t.equal(fromRow(good, { aliveAt: 0, now }).problem, undefined);
  const bad: readonly Record<string, unknown>[] = [
    ...[{ name: 'Feature/Foo' }, { name: '' }, { name: 'a--b' }, { name: 7 }, { owner: '' }, { owner: null }],
    ...[
      { state: 'fine' },
      { since: -1 },
      { since: 2n ** 60n },
      { last_seen_at: 1.5 },
      { last_seen_at: 9e15 },
    ],
    ...[{ online: 2 }, { online: true }, { services: null }],
  ];
  for (const change of bad) {
    const { environment, problem } = fromRow({ ...good, ...change }, { aliveAt: 0, now });
    t.equal(environment, undefined, String(problem));
    t.match(problem, new RegExp(`^${String(Object.keys(change)[0])}: `, 'u'));
  }
  t.equal(fromRow(undefined, { aliveAt: 0, now }).environment, undefined);
  t.end();
});

t.test('services that make no sense are left out, and whose the name is still counts', (t) => {
  const good = { access: 'public', state: 'ready', since: 1 };
  const bad: readonly unknown[] = [
    ...[
      '',
      'null',
      '{}',
      '[',
      '[1]',
      '["web"]',
      JSON.stringify([{}]),
      JSON.stringify([{ ...good, more: 1 }]),
    ],
    ...[
      { service: '80' },
      { service: 'Web' },
      { port: 0 },
      { port: '80' },
      { access: 'all' },
      { state: 'up' },
    ].map((change) => JSON.stringify([good, { ...good, ...change }])),
    JSON.stringify(Array.from({ length: 1001 }, () => good)),
  ];
  for (const services of bad) {
    const read = fromRow({ ...toRow(remembered('pr-1'), 1), services }, { aliveAt: 0, now });
    t.match(read, { environment: { name: 'pr-1', owner: 'someone', services: [] }, problem: /^services/u });
    t.equal(read.environment?.services.length, 0);
  }
  t.end();
});

t.test('it never throws, whatever stands in a row', (t) => {
  const columns = ['name', 'owner', 'state', 'since', 'last_seen_at', 'online', 'services', 'epoch'];
  const row = fc.dictionary(fc.constantFrom(...columns), fc.anything());
  fc.assert(
    fc.property(row, fc.json(), (given, services) => {
      fromRow(given, { aliveAt: 0, now });
      fromRow({ ...toRow(remembered('pr-1'), 1), services }, { aliveAt: 0, now });
    }),
  );
  t.pass();
  t.end();
});
