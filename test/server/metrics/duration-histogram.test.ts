import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import t from 'tap';
import { DurationHistogram } from '../../../server/metrics/duration-histogram.ts';

const name = 'test_seconds';
const help = 'a test';
const boundsMs = [5, 10, 250, 1000];

t.test("tells the same as prom-client's own histogram", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat({ max: 2000 }), fc.constantFrom(...boundsMs, 0))),
      async (values) => {
        const [ours, theirs] = [new Registry(), new Registry()];
        const histogram = new DurationHistogram({ name, help, boundsMs });
        ours.registerMetric(histogram.asMetric());
        const buckets = boundsMs.map((ms) => ms / 1000);
        const reference = new Histogram({ name, help, buckets, registers: [theirs] });
        for (const ms of values) {
          histogram.observe(ms);
          reference.observe(ms / 1000);
        }
        const withoutSum = (text: string): string => text.replace(/^test_seconds_sum .*\n/m, '');
        return withoutSum(await ours.metrics()) === withoutSum(await theirs.metrics());
      },
    ),
  );
});

t.test('adds up', async (t) => {
  const registry = new Registry();
  const histogram = new DurationHistogram({ name, help, boundsMs });
  registry.registerMetric(histogram.asMetric());
  for (const ms of [1, 5, 6, 2000]) histogram.observe(ms);
  const lines = (await registry.metrics()).split('\n');
  t.ok(lines.includes('test_seconds_bucket{le="0.005"} 2'));
  t.ok(lines.includes('test_seconds_bucket{le="0.01"} 3'));
  t.ok(lines.includes('test_seconds_bucket{le="+Inf"} 4'));
  t.ok(lines.includes('test_seconds_sum 2.012'));
  t.ok(lines.includes('test_seconds_count 4'));
});
