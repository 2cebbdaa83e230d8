import type { Forward } from '../tunnel/forward.ts';

/** What is to be known of the tunnel that a machine reported itself over. */
export interface PresentTunnel {
  readonly id: string;
  readonly env: string;
  /** False from the moment that it is lost. */
  readonly live: boolean;
  readonly forwards: readonly Forward[];
  /** Settles once, with the reason, when it has ended. */
  readonly closed: Promise<string>;
}

/** Which live tunnels lead to which target: each as long as it lives, and the newest counts. */
export class TargetPresence {
  /** By target, then by tunnel; the newest last. */
  readonly #tunnels = new Map<string, Map<string, PresentTunnel>>();
  readonly #targetOf = new Map<string, string>();
  readonly #callbacks: (() => void)[] = [];

  /** The machine at the end of this tunnel is that target. A tunnel that has ended is none; one that said otherwise before is corrected. */
  report(targetId: string, tunnel: PresentTunnel): void {
    if (!tunnel.live || this.#targetOf.get(tunnel.id) === targetId) return;
    this.#forget(tunnel);
    this.#targetOf.set(tunnel.id, targetId);
    const others = this.#tunnels.get(targetId) ?? new Map<string, PresentTunnel>();
    this.#tunnels.set(targetId, others.set(tunnel.id, tunnel));
    void tunnel.closed.then(() => {
      if (this.#forget(tunnel)) this.#changed();
    });
    this.#changed();
  }

  /** The newest one that is live. */
  tunnelOf(targetId: string): PresentTunnel | undefined {
    return this.tunnelsOf(targetId)[0];
  }

  /** Those that are live, the newest first. */
  tunnelsOf(targetId: string): readonly PresentTunnel[] {
    const all = [...(this.#tunnels.get(targetId)?.values() ?? [])];
    return all.filter(({ live }) => live).reverse();
  }

  isLive(targetId: string): boolean {
    return this.tunnelOf(targetId) !== undefined;
  }

  /** The target that this tunnel reported. */
  targetOf(tunnelId: string): string | undefined {
    return this.#targetOf.get(tunnelId);
  }

  /** The ids of the targets that are live. */
  live(): readonly string[] {
    return [...this.#tunnels.keys()].filter((id) => this.isLive(id));
  }

  /** Called whenever a target came or went, or has another tunnel. */
  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  #forget({ id }: PresentTunnel): boolean {
    const target = this.#targetOf.get(id);
    if (target === undefined) return false;
    this.#targetOf.delete(id);
    const left = this.#tunnels.get(target);
    left?.delete(id);
    if (left?.size === 0) this.#tunnels.delete(target);
    return true;
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }
}
