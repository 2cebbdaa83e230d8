import t from 'tap';
import { metricValue } from '../../bench/metrics.ts';

const text = `# HELP porthole_buffered_bytes Bytes
# TYPE porthole_buffered_bytes gauge
porthole_buffered_bytes 1024
porthole_buffered_bytes_total 7
porthole_tunnels{env="a b"} 2
porthole_tunnels{env="c}d"} 3 1700000000000
porthole_delay 1.5e-3
`;

t.test('finds a metric by its whole name', async (t) => {
  t.equal(metricValue(text, 'porthole_buffered_bytes'), 1024);
  t.equal(metricValue(text, 'porthole_delay'), 0.0015);
});

t.test('sums the samples of a metric with labels', async (t) => {
  t.equal(metricValue(text, 'porthole_tunnels'), 5);
});

t.test('tells a metric that is not there', async (t) => {
  t.equal(metricValue(text, 'porthole_channels'), undefined);
  t.equal(metricValue('', 'porthole_tunnels'), undefined);
});
