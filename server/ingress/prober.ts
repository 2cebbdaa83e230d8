import { ChannelOpenError } from '../tunnel/forward.ts';
import type { ChannelFailure, Forward, Origin } from '../tunnel/forward.ts';

export type ProbeResult = { readonly kind: 'accepted' } | ChannelFailure;

interface Probe {
  readonly startedAt: number;
  readonly result: Promise<ProbeResult>;
  over: boolean;
}

/** For so long a result holds for all who ask; also the least time between two probes of one forward. */
export const probeIntervalMs = 500;

/**
 * Asks machines whether a service accepts connections: opens a channel of its forward, and closes it at once. However many ask,
 * a forward has one probe at a time. What came of it reaches the registry by the same way as of every other channel.
 */
export class Prober {
  readonly #latest = new WeakMap<Forward, Probe>();

  /** Bounded by the forward's deadline for opening channels. */
  probe(forward: Forward, origin: Origin): Promise<ProbeResult> {
    const latest = this.#latest.get(forward);
    if (latest !== undefined && (!latest.over || performance.now() - latest.startedAt < probeIntervalMs)) {
      return latest.result;
    }
    const probe: Probe = { startedAt: performance.now(), result: open(forward, origin), over: false };
    this.#latest.set(forward, probe);
    const end = (): void => {
      probe.over = true;
    };
    probe.result.then(end, end);
    return probe.result;
  }
}

async function open(forward: Forward, origin: Origin): Promise<ProbeResult> {
  try {
    const channel = await forward.openChannel(origin);
    channel.on('error', () => {}).destroy();
    return { kind: 'accepted' };
  } catch (error) {
    if (error instanceof ChannelOpenError) return error.failure;
    throw error;
  }
}
