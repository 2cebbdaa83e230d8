import t from 'tap';
import { loginOver } from '../../../server/gate/login-over.ts';
import { until } from '../../support/until.ts';

t.test('by its silence', async (t) => {
  let over = 0;
  const count = loginOver(() => (over += 1), { quietMs: 5, longestMs: 1e9 });
  await until('it is over', () => over > 0);
  count(1e9);
  t.equal(over, 1);
});

t.test('by its time, however much is said', async (t) => {
  let over = 0;
  const count = loginOver(() => (over += 1), { quietMs: 1e9, longestMs: 5 });
  count(1);
  await until('it is over', () => over > 0);
  t.equal(over, 1);
});

t.test('by the bytes', async (t) => {
  let over = 0;
  const count = loginOver(() => (over += 1));
  count(16 * 1024);
  t.equal(over, 0);
  for (let n = 0; n < 3; n += 1) count(16 * 1024);
  t.equal(over, 1);
});
