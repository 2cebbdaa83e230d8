import t from 'tap';
import { churn } from '../../../bench/chaos/churn.ts';

const envs = ['a', 'b', 'c', 'd', 'e'];
const options = { envs, killsPerSecond: 10, seconds: 3, gapMs: { least: 100, most: 300 }, seed: 1 };

t.test('kills come at an even rate, each followed by a new connection of the same environment', async (t) => {
  const steps = churn(options);
  const kills = steps.filter(({ kind }) => kind === 'kill');
  t.equal(kills.length, 30);
  t.same(
    kills.map(({ atMs }) => atMs),
    Array.from({ length: 30 }, (_, turn) => turn * 100),
  );
  t.same(
    new Set(kills.slice(0, 5).map(({ env }) => env)),
    new Set(envs),
    'everybody once before anybody twice',
  );
  t.same(
    steps.map(({ atMs }) => atMs),
    steps.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
  );
  for (const env of envs) {
    const own = steps.filter((step) => step.env === env);
    t.same(
      own.map(({ kind }) => kind),
      own.map((_, index) => (index % 2 === 0 ? 'kill' : 'connect')),
      `${env} is killed and connected in turn`,
    );
    const gaps = own.flatMap(({ atMs }, index) => (index % 2 === 1 ? [atMs - own[index - 1]!.atMs] : []));
    t.ok(gaps.every((gap) => gap >= 100 && gap <= 300));
  }
});

t.test('who is still away is passed over', async (t) => {
  const steps = churn({ ...options, envs: ['a'], gapMs: { least: 1000, most: 1000 } });
  t.same(
    steps.map(({ kind, atMs }) => `${kind} ${atMs}`),
    ['kill 0', 'connect 1000', 'kill 1100', 'connect 2100', 'kill 2200', 'connect 3200'],
  );
});

t.test('it is the same in each run with the same seed', async (t) => {
  t.same(churn(options), churn(options));
  t.notSame(churn(options), churn({ ...options, seed: 2 }));
});
