import { randomBytes } from 'node:crypto';
import { base32 } from '../../core/base32.ts';
import { ConnectionLost } from '../../core/channel-table.ts';
import { Latch } from '../../core/lifecycle.ts';
import type { JumpSession } from '../targets/jump-session.ts';
import type { Jump } from '../targets/jump.ts';
import type { Channel } from '../tunnel/forward.ts';
import { joinChannels, type Break, type Side } from './joined-channels.ts';
import type { Way } from './ways.ts';

export interface LiveJumpParts {
  readonly jump: Jump;
  readonly way: Way;
  /** To whoever came in. */
  readonly near: Channel;
  /** To the machine. */
  readonly far: Channel;
  readonly onBytes: (from: Side, bytes: number) => void;
  readonly now: () => number;
}

/** Somebody who was let through, and the two channels that are joined for them. */
export class LiveJump implements JumpSession {
  /** 5 random bytes in base32. */
  readonly id = base32(randomBytes(5));
  readonly startedAt: number;
  readonly way: Way;
  readonly jump: Jump;
  readonly #near: Channel;
  readonly #far: Channel;
  readonly #ended = new Latch<string>();
  #reason: string | undefined;
  /** When the decision has to be asked again at the latest. */
  until: number | undefined;
  activeAt: number;
  bytesUp = 0;
  bytesDown = 0;

  constructor({ jump, way, near, far, onBytes, now }: LiveJumpParts) {
    this.jump = jump;
    this.way = way;
    this.until = way.decision.until;
    this.#near = near;
    this.#far = far;
    this.startedAt = now();
    this.activeAt = this.startedAt;
    const over = joinChannels(near, far, {
      onBytes: (from, bytes) => {
        if (from === 'near') this.bytesUp += bytes;
        else this.bytesDown += bytes;
        this.activeAt = now();
        onBytes(from, bytes);
      },
      onBreak: (broken) => this.#broken(broken),
    });
    void over.then(() => this.#ended.settle(this.#reason ?? 'ended'));
  }

  get principal(): string {
    return this.jump.principal;
  }

  get fingerprint(): string {
    return this.jump.fingerprint;
  }

  get address(): string {
    return this.jump.origin.address;
  }

  get gate(): string {
    return this.way.decision.gate.name;
  }

  get env(): string {
    return this.way.forward.route.env;
  }

  get service(): string | undefined {
    return this.way.forward.route.service;
  }

  get port(): number | undefined {
    return this.way.forward.route.port;
  }

  get target(): JumpSession['target'] {
    const { target } = this.way;
    return target && { id: target.id, name: target.name };
  }

  /** Settles once, with the reason, when both channels are closed. */
  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  get over(): boolean {
    return this.#reason !== undefined || this.#ended.settled;
  }

  /** Ends it at once; whoever came in reads why. */
  end(reason: string): void {
    if (this.over) return;
    this.#reason = reason;
    this.jump.tell(reason);
    this.#near.destroy();
    this.#far.destroy();
  }

  #broken({ side, error }: Break): void {
    if (this.over) return;
    const isLost = error instanceof ConnectionLost;
    if (side === 'near') {
      this.#reason = isLost ? error.message : 'its client broke it off';
    } else if (isLost) {
      this.#reason = `the connection to ${this.way.name} was lost: ${error.message} (ERR_TARGET_OFFLINE)`;
      this.jump.tell(this.#reason);
    } else this.#reason = `${this.way.name} broke it off`;
  }
}
