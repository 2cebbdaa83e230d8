import { Backoff } from '../../core/backoff.ts';
import type { GateAddress } from '../../core/gate-address.ts';
import { quote } from '../../core/quote.ts';
import type { Jump, JumpRefusal } from '../targets/jump.ts';
import { ChannelOpenError, type Channel, type ChannelFailure } from '../tunnel/forward.ts';
import { awaitGreeting } from './greeting.ts';
import { pause } from './pause.ts';
import type { LoginStartups, Release } from './startups.ts';
import type { Lookup, Way, Ways } from './ways.ts';

export interface PassageTimings {
  /** For the first bytes of a machine's SSH server. */
  readonly greetingMs: number;
  /** For how long somebody tries again whom a machine's SSH server has turned away. */
  readonly turnedAwayMs: number;
  /** Between the first two tries; it grows from there. */
  readonly firstRetryMs: number;
  /** How often it is looked whether a machine that is expected is back. */
  readonly lookMs: number;
}

export const usualTimings: PassageTimings = {
  greetingMs: 10_000,
  turnedAwayMs: 20_000,
  firstRetryMs: 50,
  lookMs: 50,
};

export interface PassageOptions {
  readonly ways: Ways;
  readonly startups: LoginStartups;
  readonly timings: PassageTimings;
  /** How long a machine that was lost is waited for. */
  readonly holdMs: number;
}

export type PassageOutcome =
  /** `release`: to be called when their login is over. */
  | { readonly kind: 'through'; readonly way: Way; readonly far: Channel; readonly release: Release }
  | { readonly kind: 'refused'; readonly refusal: JumpRefusal }
  /** Nobody waits for it any more. */
  | { readonly kind: 'abandoned' };

type Tried =
  | { readonly kind: 'open'; readonly way: Way; readonly far: Channel }
  | { readonly kind: 'failed'; readonly refusal: JumpRefusal }
  /** It is worth another try: a machine was lost just now, or turned them away. */
  | { readonly kind: 'again'; readonly refusal: JumpRefusal };

/** Tunnels that are tried one after the other, each for as long as a channel open may take. */
const maxWaysTried = 3;
const longestRetryMs = 1000;
const abandoned: PassageOutcome = { kind: 'abandoned' };

/** How one of those who come in is led to where they want: from the address to the open channel. Nothing of theirs is sent meanwhile. */
export class Passage {
  readonly #jump: Jump;
  readonly #address: GateAddress;
  readonly #options: PassageOptions;
  #release: Release | undefined;
  #heldUntilMs: number | undefined;
  #triesUntilMs: number | undefined;
  readonly #backoff: Backoff;

  constructor(jump: Jump, address: GateAddress, options: PassageOptions) {
    this.#jump = jump;
    this.#address = address;
    this.#options = options;
    this.#backoff = new Backoff({ initialMs: options.timings.firstRetryMs, maxMs: longestRetryMs });
  }

  async find(): Promise<PassageOutcome> {
    let isThrough = false;
    try {
      const outcome = await this.#find();
      isThrough = outcome.kind === 'through';
      return !isThrough && this.#isAbandoned ? abandoned : outcome;
    } finally {
      if (!isThrough) this.#release?.();
    }
  }

  async #find(): Promise<PassageOutcome> {
    for (;;) {
      const lookup = await this.#look();
      if (lookup.kind !== 'ways') return { kind: 'refused', refusal: lookup.refusal };
      const entered = await this.#enter(lookup.ways);
      if (!entered) return { kind: 'refused', refusal: tooMany(lookup.ways) };
      if (entered === 'later') continue;
      const tried = await this.#try(lookup.ways);
      if (tried.kind === 'open') return this.#through(tried);
      if (tried.kind === 'failed' || !(await this.#isWorthAnother()))
        return { kind: 'refused', refusal: tried.refusal };
    }
  }

  get #isAbandoned(): boolean {
    return this.#jump.abandoned.aborted;
  }

  /** Waits for what is expected back, as long as that is. */
  async #look(): Promise<Lookup> {
    const { ways, timings, holdMs } = this.#options;
    for (;;) {
      const lookup = lookUp(this.#jump, this.#address, ways);
      this.#heldUntilMs ??= performance.now() + holdMs;
      const isOver = performance.now() >= this.#heldUntilMs || this.#isAbandoned;
      if (lookup.kind !== 'reconnecting' || isOver) return lookup;
      await pause(timings.lookMs, this.#jump.abandoned);
    }
  }

  /** Takes a place among the logins that begin at that machine. `later`: that took a while, so it has to be looked again. */
  async #enter([first]: readonly Way[]): Promise<boolean | 'later'> {
    if (first === undefined || !isSsh(first) || this.#release !== undefined) return true;
    const askedMs = performance.now();
    this.#release = await this.#options.startups.enter(first.forward.tunnelId, this.#jump.abandoned);
    if (this.#release === undefined) return false;
    return performance.now() - askedMs > this.#options.timings.lookMs ? 'later' : true;
  }

  async #try(ways: readonly Way[]): Promise<Tried> {
    let tried: Tried | undefined;
    for (const way of ways.slice(0, maxWaysTried)) {
      tried = await this.#tryOne(way);
      if (tried.kind !== 'failed' || this.#isAbandoned) return tried;
    }
    return tried ?? { kind: 'failed', refusal: { code: 'ERR_INTERNAL', reason: 'there is no way' } };
  }

  async #tryOne(way: Way): Promise<Tried> {
    try {
      const far = await way.forward.openChannel(this.#jump.origin);
      far.on('error', () => undefined);
      if (this.#isAbandoned) far.destroy();
      return isSsh(way) ? await this.#greeted(way, far) : { kind: 'open', way, far };
    } catch (error) {
      if (!(error instanceof ChannelOpenError)) throw error;
      const refusal = wordsOf(error.failure, way.name);
      return { kind: error.failure.kind === 'gone' ? 'again' : 'failed', refusal };
    }
  }

  async #greeted(way: Way, far: Channel): Promise<Tried> {
    const { greetingMs } = this.#options.timings;
    const greeting = await awaitGreeting(far, { timeoutMs: greetingMs, signal: this.#jump.abandoned });
    if (greeting.kind === 'greeted') return { kind: 'open', way, far };
    far.destroy();
    switch (greeting.kind) {
      case 'turned-away': {
        const said = greeting.said === undefined ? '' : `: ${quote(greeting.said)}`;
        const reason = `the SSH server of ${way.name} takes no more logins at the moment${said}`;
        return { kind: 'again', refusal: { code: 'ERR_BUSY', reason } };
      }
      case 'silent': {
        const reason = `the SSH server of ${way.name} accepts connections, but says nothing`;
        return { kind: 'failed', refusal: { code: 'ERR_UPSTREAM_TIMEOUT', reason } };
      }
      case 'foreign': {
        const reason = `what ${way.name} offers as its SSH server is none`;
        return { kind: 'failed', refusal: { code: 'ERR_UPSTREAM_PROTOCOL', reason } };
      }
    }
  }

  /** Waits before another try, longer each time; false when there was enough of that. */
  async #isWorthAnother(): Promise<boolean> {
    const { turnedAwayMs } = this.#options.timings;
    this.#triesUntilMs ??= performance.now() + turnedAwayMs;
    if (performance.now() >= this.#triesUntilMs || this.#isAbandoned) return false;
    await pause(this.#backoff.next(), this.#jump.abandoned);
    return true;
  }

  /** The last look is right before they are let through: what was withdrawn meanwhile is refused. */
  #through({ way, far }: { way: Way; far: Channel }): PassageOutcome {
    const caller = this.#jump.caller();
    const decision = caller.ok
      ? this.#options.ways.again(way, { caller: caller.value, user: this.#jump.user })
      : ({ kind: 'refused', code: 'ERR_GATE_REFUSED', reason: caller.problem } as const);
    if (decision.kind === 'allowed' && !this.#isAbandoned && !far.destroyed) {
      const release = this.#release ?? (() => undefined);
      return { kind: 'through', way: { ...way, decision }, far, release };
    }
    far.destroy();
    if (decision.kind === 'refused') return { kind: 'refused', refusal: decision };
    const reason = `the connection to ${way.name} was lost at once`;
    return { kind: 'refused', refusal: { code: 'ERR_TUNNEL_CLOSED', reason } };
  }
}

function isSsh({ forward }: Way): boolean {
  return forward.route.service === 'ssh';
}

function lookUp(jump: Jump, address: GateAddress, ways: Ways): Lookup {
  const caller = jump.caller();
  return caller.ok
    ? ways.find(address, { caller: caller.value, user: jump.user })
    : { kind: 'refused', refusal: { code: 'ERR_GATE_REFUSED', reason: caller.problem } };
}

function tooMany([way]: readonly Way[]): JumpRefusal {
  const reason = `too many logins at ${way?.name ?? 'the machine'} begin at the moment`;
  return { code: 'ERR_BUSY', reason };
}

function wordsOf(failure: ChannelFailure, name: string): JumpRefusal {
  switch (failure.kind) {
    case 'refused':
      return {
        code: 'ERR_UPSTREAM_REFUSED',
        reason: `nothing accepts connections there on ${name}: ${quote(failure.detail)}`,
      };
    case 'prohibited':
      return {
        code: 'ERR_UPSTREAM_REFUSED',
        reason: `the machine of ${name} does not allow it: ${quote(failure.detail)}`,
      };
    case 'timeout':
      return { code: 'ERR_UPSTREAM_TIMEOUT', reason: `the machine of ${name} does not answer` };
    case 'limit':
      return { code: 'ERR_BUSY', reason: `the tunnel of ${name} carries as many channels as it may` };
    case 'gone':
      return { code: 'ERR_TUNNEL_CLOSED', reason: `the connection to ${name} was lost just now` };
  }
}
