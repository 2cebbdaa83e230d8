import { Latch } from '../../core/lifecycle.ts';
import type { PresentTunnel } from '../../server/targets/presence.ts';

/** A tunnel that a machine reports itself over, until the test ends it. */
export class FakeTunnel implements PresentTunnel {
  static #count = 0;
  readonly id: string;
  readonly env: string;
  readonly forwards = [];
  readonly #ended = new Latch<string>();
  #live = true;

  constructor(env = 'pr-42') {
    FakeTunnel.#count += 1;
    this.id = `tunnel-${String(FakeTunnel.#count)}`;
    this.env = env;
  }

  get live(): boolean {
    return this.#live;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  /** It is lost; whoever waits for that learns it a little later. */
  lose(): void {
    this.#live = false;
  }

  /** Settles when whoever waits has learnt it. */
  async end(): Promise<void> {
    this.lose();
    this.#ended.settle('gone');
    await this.closed;
  }
}
