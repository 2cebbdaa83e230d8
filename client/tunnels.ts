import { ok, type Outcome } from './outcome.ts';
import type { Settled } from './session.ts';
import type { SupervisedSession, Supervisor, TunnelState } from './supervisor.ts';

/** A session whose forwards may change while it lives. */
export interface SettledSession extends SupervisedSession {
  readonly settled: Settled;
  onSettled(listener: (settled: Settled) => void): void;
}

/** What becomes of all tunnels together: connected while any of them is. */
export type ConnectionState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly settled: Settled }
  /** Services came or went, or another tunnel was told something else. */
  | { readonly kind: 'changed'; readonly before: Settled; readonly settled: Settled }
  /** The number of tunnels that serve, where more than one is wanted. */
  | { readonly kind: 'tunnels'; readonly live: number; readonly wanted: number }
  | { readonly kind: 'draining'; readonly graceMs: number }
  | { readonly kind: 'moved' }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly inMs: number; readonly reason: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

export interface TunnelsOptions<S extends SupervisedSession> {
  /** How many are wanted; undefined leaves it to the gateway. */
  readonly connections: number | undefined;
  readonly supervise: (parts: {
    onState: (state: TunnelState<S>) => void;
    othersServe: () => boolean;
  }) => Supervisor<S>;
  readonly onState: (state: ConnectionState) => void;
}

/** With a gateway of several nodes, the loss of one then costs nothing. */
const connectionsToSeveralNodes = 2;

interface Member<S extends SupervisedSession> {
  readonly supervisor: Supervisor<S>;
  session: S | undefined;
  moving: boolean;
}

/**
 * Parallel tunnels of the same forwards, each kept up for itself. The gateway sends requests to the newest
 * and keeps the others in reserve. The first tells whether there is any use in the others.
 */
export class Tunnels<S extends SettledSession> {
  readonly #options: TunnelsOptions<S>;
  readonly #members: Member<S>[] = [];
  readonly #runs: Promise<Outcome>[] = [];
  #told: Settled | undefined;
  #lead: S | undefined;
  #stopped = false;

  constructor(options: TunnelsOptions<S>) {
    this.#options = options;
  }

  /** The newest session that serves. */
  get lead(): S | undefined {
    return this.#lead;
  }

  /** Withdraws all forwards and ends. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#stopMembers();
  }

  async run(): Promise<Outcome> {
    this.#start();
    const outcomes: Outcome[] = [];
    // The list grows while it is waited for.
    for (const run of this.#runs) outcomes.push(await run);
    const outcome = this.#stopped ? ok : verdict(outcomes);
    this.#options.onState({ kind: 'ended', outcome });
    return outcome;
  }

  #start(): void {
    const index = this.#members.length;
    const member: Member<S> = {
      session: undefined,
      moving: false,
      supervisor: this.#options.supervise({
        onState: (state) => this.#take(member, state, index === 0),
        othersServe: () => this.#live().some((other) => other !== member),
      }),
    };
    this.#members.push(member);
    this.#runs.push(member.supervisor.run());
  }

  #live(): Member<S>[] {
    return this.#members.filter(({ session }) => session !== undefined);
  }

  #stopMembers(): void {
    for (const { supervisor } of this.#members) supervisor.stop();
  }

  /** Attempts are told of the first tunnel alone: the others would only repeat it. */
  #take(member: Member<S>, state: TunnelState<S>, isFirst: boolean): void {
    switch (state.kind) {
      case 'connected':
      case 'moved':
        this.#connected(member, state.session);
        return;
      case 'draining':
        if (!this.#members.some(({ moving }) => moving)) this.#options.onState(state);
        member.moving = true;
        return;
      case 'disconnected':
        this.#disconnected(member, state.reason);
        return;
      case 'connecting':
        if (isFirst && this.#live().length === 0) this.#options.onState(state);
        return;
      case 'waiting':
        if (isFirst && this.#live().every(({ moving }) => moving)) this.#options.onState(state);
        return;
      case 'ended':
        member.session = undefined;
        this.#chooseLead();
        if (state.outcome.kind === 'refused') this.#stopMembers();
    }
  }

  #connected(member: Member<S>, session: S): void {
    const before = this.#live().length;
    const wasMoving = member.moving;
    member.session = session;
    member.moving = false;
    this.#lead = session;
    session.onSettled((settled) => {
      if (this.#lead === session) this.#tell(settled);
    });
    if (before === 0) this.#tellAnew(session.settled);
    else this.#tell(session.settled);
    if (wasMoving && !this.#members.some(({ moving }) => moving)) this.#options.onState({ kind: 'moved' });
    if (this.#live().length !== before) this.#tellCount();
    this.#grow(session.settled);
  }

  #disconnected(member: Member<S>, reason: string): void {
    member.session = undefined;
    member.moving = false;
    this.#chooseLead();
    if (this.#lead === undefined) this.#options.onState({ kind: 'disconnected', reason });
    this.#tellCount();
  }

  #chooseLead(): void {
    const live = this.#live().map(({ session }) => session);
    if (!live.includes(this.#lead)) this.#lead = live.at(-1);
  }

  #tellAnew(settled: Settled): void {
    this.#told = settled;
    this.#options.onState({ kind: 'connected', settled });
  }

  #tell(settled: Settled): void {
    const before = this.#told ?? settled;
    this.#told = settled;
    this.#options.onState({ kind: 'changed', before, settled });
  }

  #tellCount(): void {
    if (this.#members.length > 1)
      this.#options.onState({ kind: 'tunnels', live: this.#live().length, wanted: this.#members.length });
  }

  #grow({ nodes }: Settled): void {
    const wanted = this.#options.connections ?? (nodes > 1 ? connectionsToSeveralNodes : 1);
    while (this.#members.length < wanted && !this.#stopped) this.#start();
  }
}

function verdict(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find(({ kind }) => kind === 'refused') ?? outcomes.find(({ kind }) => kind !== 'ok') ?? ok;
}
