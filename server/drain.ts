import { setTimeout as delay } from 'node:timers/promises';
import { deadline } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import type { Forward } from './tunnel/forward.ts';
import type { Tunnel } from './tunnel/tunnel.ts';

export interface DrainOptions {
  readonly graceMs: number;
  /** How long a successor holds requests for a tunnel that is about to dial in there. */
  readonly holdMs: number;
  /** A successor serves. */
  readonly replaced: boolean;
  readonly log: Log;
}

/** What is drained, as far as this needs it. */
export interface Drained {
  readonly ingress: {
    readonly inFlight: number;
    readonly connections: number;
    close(graceMs: number, options: { idleMs: number; more: () => boolean }): Promise<void>;
  };
  readonly ssh: {
    readonly tunnels: readonly Tunnel[];
    refuse(reason: string): void;
    endTunnel(tunnel: Tunnel, reason: string): void;
    end(reason: string): void;
  };
  /** Where people are led through to machines. */
  readonly gate: {
    readonly sessionCount: number;
    drain(reason: string): void;
  };
  /** Connections of which it is not known yet what they are. */
  readonly demuxer: { readonly pending: number };
}

/** For requests that are on their way on connections that visitors keep, and for clients to dial in anew. */
const settleMs = 1000;
const checkMs = 25;
/** Bundled clients answer at once. */
const answerMs = 250;
const maxQuietMs = 10_000;

/** What clients are told; stock ssh shows it. */
export function farewell(replaced: boolean): string {
  return replaced ? 'the gateway was replaced: connect again' : 'the gateway is shutting down';
}

/**
 * Lets the work of the gateway come to its end, while it takes nothing new: clients are told to dial in anew, and their tunnels serve the
 * visitors of this process until those are done, or `graceMs` are over. Ends at once when there is nothing to wait for.
 */
export class Drain {
  readonly #parts: Drained;
  readonly #options: DrainOptions;
  readonly #startedAt = performance.now();
  /** Tunnels whose clients do not move by themselves. */
  readonly #staying = new Set<Tunnel>();
  /** Those, and all of which it is not known yet. */
  readonly #undecided = new Set<Tunnel>();

  constructor(parts: Drained, options: DrainOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { ssh, gate, ingress, demuxer } = this.#parts;
    const { replaced, graceMs } = this.#options;
    ssh.refuse(farewell(replaced));
    gate.drain(farewell(replaced));
    await deadline(this.#askToMove(), answerMs, () => undefined);
    const cut = ingress.close(graceMs, { idleMs: this.#quietMs, more: () => demuxer.pending > 0 });
    while (!this.#isOver()) {
      if (replaced) this.#endThoseThatStay();
      await delay(checkMs);
    }
    // It says what it has to cut off.
    if (this.#elapsedMs >= graceMs) await cut;
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Within half the hold time all tunnels have to be where their requests are held. */
  get #settleMs(): number {
    const { replaced, holdMs, graceMs } = this.#options;
    return Math.min(settleMs, graceMs, replaced ? holdMs / 4 : settleMs);
  }

  /**
   * After how long without a request a visitor's connection is closed: a request that is on its way then is lost, so not soon. But nobody
   * may ask here for what only the successor has, and without one nobody shall wait for those who keep connections.
   */
  get #quietMs(): number {
    const { replaced, graceMs } = this.#options;
    return replaced && this.#undecided.size === 0 ? Math.min(maxQuietMs, graceMs / 2) : this.#settleMs;
  }

  async #askToMove(): Promise<void> {
    const asked = this.#parts.ssh.tunnels.map(async (tunnel) => {
      this.#undecided.add(tunnel);
      const answer = await tunnel.drain(this.#options.graceMs);
      this.#options.log.info({ tunnelId: tunnel.id, answer }, 'tunnel asked to move');
      if (answer === 'staying') this.#staying.add(tunnel);
      else this.#undecided.delete(tunnel);
    });
    await Promise.all(asked);
  }

  #isOver(): boolean {
    const { ingress, ssh, gate, demuxer } = this.#parts;
    const elapsedMs = this.#elapsedMs;
    if (elapsedMs >= this.#options.graceMs) return true;
    if (ingress.inFlight > 0 || gate.sessionCount > 0) return false;
    const hasTunnels = ssh.tunnels.length > 0;
    if (!this.#options.replaced && !hasTunnels) return true;
    if (this.#options.replaced && hasTunnels && elapsedMs < this.#settleMs) return false;
    return ingress.connections === 0 && (demuxer.pending === 0 || elapsedMs >= this.#settleMs);
  }

  /**
   * A client that is not ours is served by the successor only once its connection here has ended: as soon as nothing of its own runs,
   * and while requests that come to the successor are held for it.
   */
  #endThoseThatStay(): void {
    const elapsedMs = this.#elapsedMs;
    // By then the connections that visitors keep are closed, or were used once more.
    if (elapsedMs < this.#settleMs * 1.25) return;
    const isLate = elapsedMs >= this.#options.holdMs / 2;
    for (const tunnel of this.#staying) {
      if (isBusy(tunnel) && (!isLate || !tunnel.forwards.some(hasVisitors))) continue;
      this.#staying.delete(tunnel);
      this.#parts.ssh.endTunnel(tunnel, farewell(true));
    }
  }
}

/** Something goes on over it: to its machine, or for somebody who is led through the gate. */
function isBusy({ forwards, channelCount }: Tunnel): boolean {
  return forwards.length === 0 ? channelCount > 0 : forwards.some(({ load }) => load.requests > 0);
}

/** A successor holds their requests, and not for long; what goes through the gate is cut off by nothing but the end of its tunnel. */
function hasVisitors({ options }: Forward): boolean {
  return options.scheme !== 'tcp';
}
