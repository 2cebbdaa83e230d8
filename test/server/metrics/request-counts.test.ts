import t from 'tap';
import { RequestCounts } from '../../../server/metrics/request-counts.ts';

t.test('counts by class and code', async (t) => {
  const counts = new RequestCounts(['ERR_BUSY']);
  counts.add(200, undefined);
  counts.add(204, undefined);
  counts.add(101, undefined);
  counts.add(503, 'ERR_BUSY');
  counts.add(503, undefined);
  counts.add(500, 'ERR_NOBODY_KNOWS');
  t.same(
    [...counts.entries()].filter(({ count }) => count > 0),
    [
      { status: '1xx', code: '', count: 1 },
      { status: '2xx', code: '', count: 2 },
      { status: '5xx', code: '', count: 1 },
      { status: '5xx', code: 'ERR_BUSY', count: 1 },
      { status: '5xx', code: 'other', count: 1 },
    ],
  );
});

t.test('a status that is none is counted as none', async (t) => {
  const counts = new RequestCounts([]);
  for (const status of [0, -1, 99, 600, 1_000_000, Number.NaN]) counts.add(status, undefined);
  t.same([...counts.entries()][0], { status: 'none', code: '', count: 6 });
});

t.test('classes without a code are told from the beginning', async (t) => {
  t.equal([...new RequestCounts(['ERR_BUSY']).entries()].length, 6);
});
