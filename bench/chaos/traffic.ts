import { seededRandom } from './random.ts';
import type { Method, Mode } from './records.ts';

/** What a load is to send. */
export interface TrafficOptions {
  readonly envs: readonly string[];
  readonly modes: readonly Mode[];
  /** Of all requests, from 0 to 1. */
  readonly postShare: number;
  readonly maxBodyBytes: number;
  /** The longest time that an app is asked to think about a request. */
  readonly maxWaitMs: number;
}

/** One request before it is sent. */
export interface PlannedRequest {
  readonly env: string;
  readonly mode: Mode;
  readonly method: Method;
  readonly bodyBytes: number;
  readonly waitMs: number;
}

/** Request number `index` of a load: any mix of all there is, the same in each run. */
export function plannedRequest(index: number, options: TrafficOptions): PlannedRequest {
  const random = seededRandom(index);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const isPost = random() < options.postShare;
  return {
    env: pick(options.envs),
    mode: pick(options.modes),
    method: isPost ? 'POST' : 'GET',
    bodyBytes: isPost ? 1 + Math.floor(random() * options.maxBodyBytes) : 0,
    // Half of them are answered at once.
    waitMs: Math.max(0, Math.floor((random() * 2 - 1) * options.maxWaitMs)),
  };
}
