import type { IngressDependencies } from './dependencies.ts';
import type { Exchange } from './exchange.ts';
import type { InFlight } from './in-flight.ts';
import type { Upstreams } from './upstreams.ts';

/** What all exchanges of one ingress share. */
export interface IngressContext {
  readonly deps: IngressDependencies;
  readonly upstreams: Upstreams;
  readonly counts: InFlight;
  /** The exchanges that are not over. */
  readonly live: Set<Exchange>;
  /** An exchange is over: the last thing that it does. */
  onOver(): void;
}
