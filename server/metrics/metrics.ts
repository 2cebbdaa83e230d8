import { Registry } from 'prom-client';
import { registerCounts } from './counts.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { registerGauges, type Gauges } from './gauges.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** A request that is over. */
export interface EndedRequest {
  /** 0 if the visitor left before there was an answer. */
  readonly status: number;
  /** The error code, if the gateway itself answered with one. */
  readonly code: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  /** A WebSocket, say: its duration says nothing about speed. */
  readonly upgraded: boolean;
}

/** What the gateway counts, and the text that Prometheus reads. Counting is cheap and never throws. */
export interface Metrics {
  requestEnded(request: EndedRequest): void;
  requestRetried(): void;
  channelUsed(reused: boolean): void;
  channelOpened(result: string): void;
  connection(kind: string): void;
  authenticated(result: string): void;
  tunnelOpened(): void;
  tunnelClosed(reason: string): void;
  forwardRefused(reason?: string): void;
  takeover(): void;
  gateOpened(result: string): void;
  gateBytes(direction: string, bytes: number): void;
  readonly contentType: string;
  text(): Promise<string>;
  /** Stops watching the event loop. */
  close(): void;
}

const boundsMs = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000];

/** Makes the metrics of one gateway, in a registry of their own. */
export function createMetrics({ gauges }: { gauges: Gauges }): Metrics {
  const registry = new Registry();
  const durations = new DurationHistogram({
    name: 'porthole_request_duration_seconds',
    help: 'duration of requests, from their head to the end of their answer, without upgrades',
    boundsMs,
  });
  const delay = new EventLoopDelay();
  registerGauges(registry, gauges, delay);
  const counts = registerCounts(registry);
  registry.registerMetric(durations.asMetric());
  registerProcessMetrics(registry);
  return {
    requestEnded: (request) => {
      counts.requests.add(request.status, request.code);
      counts.bytes.add('in', request.bytesIn);
      counts.bytes.add('out', request.bytesOut);
      if (!request.upgraded) durations.observe(request.durationMs);
    },
    requestRetried: () => counts.retries.add(''),
    channelUsed: (reused) => counts.channelUses.add(reused ? 'true' : 'false'),
    channelOpened: (result) => counts.channelOpens.add(result),
    connection: (kind) => counts.connections.add(kind),
    authenticated: (result) => counts.logins.add(result),
    tunnelOpened: () => counts.tunnelsOpened.add(''),
    tunnelClosed: (reason) => counts.tunnelsClosed.add(reason),
    forwardRefused: (reason = 'refused') => counts.forwardsRefused.add(reason),
    takeover: () => counts.takeovers.add(''),
    gateOpened: (result) => counts.gateOpens.add(result),
    gateBytes: (direction, bytes) => counts.gateBytes.add(direction, bytes),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => delay.close(),
  };
}
