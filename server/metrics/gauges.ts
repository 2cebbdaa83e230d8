import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventLoopDelay } from './event-loop-delay.ts';

/** What is asked when somebody looks. */
export interface Gauges {
  readonly tunnels: () => number;
  readonly channels: () => number;
  /** By their state. */
  readonly environments: () => Readonly<Record<string, number>>;
  /** By their state. */
  readonly keys: () => Readonly<Record<string, number>>;
  readonly requestsInFlight: () => number;
  readonly gateSessions: () => number;
  readonly heldRequests: () => number;
  readonly heldBytes: () => number;
  readonly bufferedBytes: () => number;
  /** Connections of which it is not yet known what they are, or who. */
  readonly pendingSockets: () => number;
  /** When the certificate that is served expires, in milliseconds since 1970. */
  readonly certificateExpiresAt: () => number | undefined;
  /** Since the beginning. */
  readonly logLinesDropped: () => number;
}

/** Shows them in the registry: each is asked when somebody looks. */
export function registerGauges(registry: Registry, gauges: Gauges, delay: EventLoopDelay): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | undefined): void => {
    const collect = function (this: Gauge): void {
      const value = read();
      if (value === undefined) this.remove();
      else this.set(value);
    };
    new Gauge({ name, help, registers, collect });
  };
  gauge('porthole_tunnels', 'live tunnels', gauges.tunnels);
  gauge('porthole_channels', 'open channels', gauges.channels);
  new Gauge({
    name: 'porthole_environments',
    help: 'environments by their state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(gauges.environments())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'porthole_keys',
    help: 'stored keys by their state; those that are unused may log in',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(gauges.keys())) this.set({ state }, count);
    },
  });
  gauge('porthole_requests_in_flight', 'requests and upgrades that run', gauges.requestsInFlight);
  gauge('porthole_gate_sessions', 'connections through the gate that are open', gauges.gateSessions);
  gauge('porthole_held_requests', 'requests that wait for a tunnel', gauges.heldRequests);
  gauge('porthole_held_bytes', 'the most that those keep in memory', gauges.heldBytes);
  gauge(
    'porthole_buffered_bytes',
    'bytes received from machines and not yet passed on',
    gauges.bufferedBytes,
  );
  gauge(
    'porthole_pending_sockets',
    'connections that have not yet said what or who they are',
    gauges.pendingSockets,
  );
  gauge(
    'porthole_certificate_expiry_timestamp_seconds',
    'when the certificate expires, in seconds since 1970',
    () => inSeconds(gauges.certificateExpiresAt()),
  );
  new Counter({
    name: 'porthole_log_lines_dropped_total',
    help: 'log lines lost because standard output was not read',
    registers,
    collect() {
      this.reset();
      this.inc(gauges.logLinesDropped());
    },
  });
  new Gauge({
    name: 'porthole_event_loop_delay_seconds',
    help: 'how late the event loop comes to its work, since the last look',
    labelNames: ['stat'],
    registers,
    collect() {
      const taken = delay.take();
      for (const stat of ['mean', 'p99', 'max'] as const) this.set({ stat }, taken[stat]);
    },
  });
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
