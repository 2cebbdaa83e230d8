import t from 'tap';
import { modes } from '../../../bench/chaos/records.ts';
import { plannedRequest } from '../../../bench/chaos/traffic.ts';

const options = { envs: ['a', 'b', 'c'], modes, postShare: 0.25, maxBodyBytes: 1000, maxWaitMs: 100 };
const planned = Array.from({ length: 4000 }, (_, index) => plannedRequest(index, options));

t.test('a load is a mix of all there is', async (t) => {
  for (const mode of modes)
    for (const env of options.envs)
      for (const method of ['GET', 'POST'])
        t.ok(
          planned.some((one) => one.mode === mode && one.env === env && one.method === method),
          `${method} for ${env} by ${mode}`,
        );
  const posts = planned.filter(({ method }) => method === 'POST');
  t.ok(Math.abs(posts.length / planned.length - 0.25) < 0.05, 'as many POSTs as were asked for');
  t.ok(posts.every(({ bodyBytes }) => bodyBytes >= 1 && bodyBytes <= 1000));
  t.ok(planned.every(({ method, bodyBytes }) => (method === 'GET') === (bodyBytes === 0)));
  t.ok(planned.every(({ waitMs }) => waitMs >= 0 && waitMs <= 100));
  t.ok(planned.some(({ waitMs }) => waitMs === 0) && planned.some(({ waitMs }) => waitMs > 50));
});

t.test('request number n is always the same', async (t) => {
  t.same(plannedRequest(7, options), planned[7]);
});
