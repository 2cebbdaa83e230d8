import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Gauges } from '../../../server/metrics/gauges.ts';
import { createMetrics, type Metrics } from '../../../server/metrics/metrics.ts';

const gauges: Gauges = {
  tunnels: () => 1,
  channels: () => 2,
  environments: () => ({ ready: 3, offline: 1 }),
  keys: () => ({ active: 9, revoked: 2 }),
  requestsInFlight: () => 4,
  gateSessions: () => 6,
  heldRequests: () => 5,
  heldBytes: () => 5000,
  bufferedBytes: () => 6,
  pendingSockets: () => 7,
  certificateExpiresAt: () => 1_800_000_000_000,
  logLinesDropped: () => 8,
};

const request = { status: 200, code: undefined, bytesIn: 10, bytesOut: 20, durationMs: 7, upgraded: false };

function open(t: Test, some: Partial<Gauges> = {}): Metrics {
  const metrics = createMetrics({ gauges: { ...gauges, ...some } });
  t.teardown(() => metrics.close());
  return metrics;
}

async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split('\n');
}

/** Counts everything once, so that every metric shows its labels. */
function countAll(metrics: Metrics): void {
  metrics.requestEnded(request);
  metrics.requestRetried();
  metrics.channelUsed(true);
  metrics.channelOpened('timeout');
  metrics.connection('ssh');
  metrics.authenticated('too-many-tries');
  metrics.tunnelOpened();
  metrics.tunnelClosed('no sign of life');
  metrics.forwardRefused('taken');
  metrics.takeover();
}

t.test('gauges are asked when somebody looks', async (t) => {
  let tunnels = 1;
  const metrics = open(t, { tunnels: () => tunnels });
  const lines = await linesOf(metrics);
  const expected = ['tunnels 1', 'channels 2', 'requests_in_flight 4', 'held_requests 5'];
  expected.push('environments{state="ready"} 3', 'environments{state="offline"} 1');
  expected.push('keys{state="active"} 9', 'keys{state="revoked"} 2');
  expected.push('buffered_bytes 6', 'pending_sockets 7', 'certificate_expiry_timestamp_seconds 1800000000');
  expected.push('log_lines_dropped_total 8');
  for (const line of expected) t.ok(lines.includes(`porthole_${line}`), line);
  tunnels = 2;
  t.ok((await linesOf(metrics)).includes('porthole_tunnels 2'));
});

t.test('without a certificate there is no expiry', async (t) => {
  const text = await open(t, { certificateExpiresAt: () => undefined }).text();
  t.notMatch(text, /^porthole_certificate_expiry_timestamp_seconds /m);
});

t.test('what happens is counted, and looking does not change it', async (t) => {
  const metrics = open(t);
  countAll(metrics);
  metrics.requestEnded({ ...request, status: 502, code: 'ERR_UPSTREAM_REFUSED', bytesOut: 5 });
  await metrics.text();
  const lines = await linesOf(metrics);
  const expected = [
    'requests_total{status="2xx",code=""} 1',
    'requests_total{status="5xx",code="ERR_UPSTREAM_REFUSED"} 1',
    'bytes_total{direction="in"} 20',
    'bytes_total{direction="out"} 25',
    'requests_retried_total 1',
    'channels_used_total{reused="true"} 1',
    'channels_used_total{reused="false"} 0',
    'channel_open_total{result="timeout"} 1',
    'connections_total{kind="ssh"} 1',
    'auth_total{result="too-many-tries"} 1',
    'auth_total{result="ok"} 0',
    'tunnels_opened_total 1',
    'tunnel_closed_total{reason="no sign of life"} 1',
    'forwards_refused_total{reason="taken"} 1',
    'takeovers_total 1',
    'request_duration_seconds_count 2',
    'request_duration_seconds_bucket{le="0.005"} 0',
    'request_duration_seconds_bucket{le="0.01"} 2',
  ];
  for (const line of expected) t.ok(lines.includes(`porthole_${line}`), line);
});

t.test('an upgrade counts as a request, but its duration is no latency', async (t) => {
  const metrics = open(t);
  metrics.requestEnded({ ...request, status: 101, durationMs: 3_600_000, upgraded: true });
  const lines = await linesOf(metrics);
  t.ok(lines.includes('porthole_requests_total{status="1xx",code=""} 1'));
  t.ok(lines.includes('porthole_request_duration_seconds_count 0'));
});

t.test('reasons from outside cannot grow without bound or break the format', async (t) => {
  const metrics = open(t);
  metrics.tunnelClosed('a "quoted"\nline\\');
  for (let i = 0; i < 10_000; i++) metrics.tunnelClosed(`read ECONNRESET ${i}`);
  const lines = (await linesOf(metrics)).filter((line) => line.startsWith('porthole_tunnel_closed_total'));
  t.ok(lines.length <= 60);
  t.ok(lines.includes(String.raw`porthole_tunnel_closed_total{reason="a \"quoted\"\nline\\"} 1`));
});

t.test('two gateways in one process count apart', async (t) => {
  const [a, b] = [open(t), open(t)];
  a.tunnelOpened();
  t.ok((await linesOf(a)).includes('porthole_tunnels_opened_total 1'));
  t.ok((await linesOf(b)).includes('porthole_tunnels_opened_total 0'));
});

t.test('the process and its event loop are shown', async (t) => {
  const text = await open(t).text();
  t.match(text, /^process_resident_memory_bytes [1-9]\d+$/m);
  t.match(text, /^process_cpu_seconds_total [\d.e-]+$/m);
  t.match(text, /^process_start_time_seconds 1\d{9}/m);
  t.match(text, /^nodejs_heap_size_used_bytes [1-9]\d+$/m);
  for (const stat of ['mean', 'p99', 'max']) {
    t.match(text, new RegExp(`^porthole_event_loop_delay_seconds\\{stat="${stat}"\\} [\\d.e-]+$`, 'm'));
  }
});

t.test('docs/METRICS.md and the registry tell the same', async (t) => {
  const metrics = open(t);
  countAll(metrics);
  const shown = rowsOf(await metrics.text());
  const document = readFileSync(new URL('../../../docs/METRICS.md', import.meta.url), 'utf8');
  const documented = document
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', ''))
        .join(' | '),
    );
  t.same(documented.toSorted(), shown.toSorted());
});

/** `name | type | labels | help` of every metric in the exposition format. */
function rowsOf(text: string): string[] {
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)];
  return helps.map(([, name = '', help = '']) => {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1] ?? '';
    const labels = new RegExp(`^${name}\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? '';
    const names = [...labels.matchAll(/(\w+)=/g)].map(([, label]) => label).join(', ');
    return [name, type, names, help].join(' | ');
  });
}
