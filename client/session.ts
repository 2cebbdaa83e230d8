import { forwardKey } from '../core/forward.ts';
import { deadline, Latch } from '../core/lifecycle.ts';
import type { SshConnection } from './connection.ts';
import { lost, refused, type Failure } from './failure.ts';
import { type Hello, parseHello, parseStatus, type GatewayStatus } from './gateway-answers.ts';
import { type GatewayAccess, type LoginParts, logIn } from './login.ts';
import type { OfferSource } from './offer-source.ts';
import { httpUrl, oneLine } from './printable.ts';
import type { ExecResult } from './remote-command.ts';
import { forwardRequest, isVisited, type Offer, offerName } from './target.ts';

/** An offer that the gateway serves. */
export interface OpenForward {
  readonly offer: Offer;
  /** Empty for what no visitor sees, such as the machine's SSH server. */
  readonly url: string;
  readonly access: string | undefined;
  /** Opens a private forward, for whoever has it. */
  readonly shareUrl: string | undefined;
}

export interface RefusedForward {
  readonly offer: Offer;
  readonly reason: string;
}

/** What a gateway said to the offers: these stand, those were refused. */
export interface Settled {
  readonly env: string;
  /** Gateways that answer for this one name. */
  readonly nodes: number;
  readonly open: readonly OpenForward[];
  readonly refused: readonly RefusedForward[];
}

export interface SessionParts extends LoginParts {
  readonly source: OfferSource;
  /** How long what runs may take to finish after a goodbye. */
  readonly drainMs: number;
  /** Whether a connection on which this stands is of any use. */
  readonly isUseful: (settled: Settled) => boolean;
}

type Standing = ({ readonly kind: 'open' } & OpenForward) | ({ readonly kind: 'refused' } & RefusedForward);

/**
 * Logs in and asks for the forwards. A failure when there is no connection, or when what stands on it is of
 * no use.
 */
export async function openSession(
  access: GatewayAccess,
  parts: SessionParts,
): Promise<{ kind: 'open'; session: Session } | Failure> {
  const draining = new Latch<number>();
  const leave = (graceMs: number): void => void draining.settle(graceMs);
  const failure = await access.credential?.ready();
  if (failure !== undefined) return failure;
  // Before the login: what is renewed meanwhile is news for this session too.
  const forget = access.credential?.onRenewed(leave);
  const opened = await logIn(access, { ...parts, onDrain: leave });
  if (opened.kind !== 'open') {
    forget?.();
    return opened;
  }
  const session = new Session(opened.connection, parts, draining.promise);
  if (forget !== undefined) void session.closed.then(forget);
  const settled = await session.settle();
  if (settled === undefined || !parts.isUseful(settled)) return session.closed;
  return { kind: 'open', session };
}

/**
 * One life of the tunnel, from a login to the end of the connection. It follows the source: what is offered
 * anew is asked for, what is gone is withdrawn, and the rest is left alone.
 */
export class Session {
  /** Settles, with its grace in milliseconds, when the gateway asks for another connection. */
  readonly draining: Promise<number>;
  readonly #connection: SshConnection;
  readonly #parts: SessionParts;
  readonly #standings = new Map<string, Standing>();
  readonly #closed: Promise<Failure>;
  readonly #listeners = new Set<(settled: Settled) => void>();
  readonly #unsubscribe: () => void;
  #refusal: Failure | undefined;
  #settled: Settled = { env: '', nodes: 1, open: [], refused: [] };
  #running: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(connection: SshConnection, parts: SessionParts, draining: Promise<number>) {
    this.#connection = connection;
    this.#parts = parts;
    this.draining = draining;
    this.#unsubscribe = parts.source.onChange(() => void this.settle());
    this.#closed = connection.closed.then((reason) => {
      this.#unsubscribe();
      return this.#refusal ?? lost(reason);
    });
    // The old connection serves what it has; what is new is for its successor.
    void draining.then(this.#unsubscribe);
  }

  /** Settles once, with the reason, when the connection is over. */
  get closed(): Promise<Failure> {
    return this.#closed;
  }

  get settled(): Settled {
    return this.#settled;
  }

  get roundTripMs(): number | undefined {
    return this.#connection.roundTripMs;
  }

  /** Calls the listener after each change of what stands. */
  onSettled(listener: (settled: Settled) => void): void {
    this.#listeners.add(listener);
  }

  /** The lines of a command of the gateway, for as long as it runs. The result stops it. */
  follow(command: string, onLine: (line: string) => void): () => void {
    return this.#connection.follow(command, onLine);
  }

  /** What the gateway answers to a command; undefined when it gave none in time. Such a failure ends nothing. */
  run(command: string, stdin: string): Promise<ExecResult | undefined> {
    return this.#connection.run(command, { stdin, mayBeLate: true });
  }

  /** Brings the forwards in line with the source; undefined when the connection was lost for it. */
  settle(): Promise<Settled | undefined> {
    const next = this.#running.then(() => this.#settle());
    this.#running = next;
    return next;
  }

  /**
   * Withdraws the forwards, so that nothing new comes, lets what runs finish within a bound, and says
   * goodbye. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const connection = this.#connection;
    this.#unsubscribe();
    await Promise.all(this.#settled.open.map(({ offer }) => connection.cancel(forwardRequest(offer))));
    await deadline(connection.drained, this.#parts.drainMs, () => undefined);
    await connection.close();
  }

  async #settle(): Promise<Settled | undefined> {
    const offers = new Map(this.#parts.source.offers.map((offer) => [keyOf(offer), offer]));
    // One service may come back with other options, and stands only once: the old goes first.
    await this.#withdraw([...this.#standings].filter(([key]) => !offers.has(key)));
    const added = [...offers].filter(([key]) => !this.#standings.has(key));
    if (!(await this.#ask(added))) {
      this.#connection.destroy('the gateway gave no answer');
      return undefined;
    }
    this.#tell([...offers]);
    return this.#settled;
  }

  async #withdraw(gone: readonly (readonly [string, Standing])[]): Promise<void> {
    for (const [key] of gone) this.#standings.delete(key);
    const requests = gone.flatMap(([, { kind, offer }]) => (kind === 'open' ? [forwardRequest(offer)] : []));
    await Promise.all(requests.map((request) => this.#connection.cancel(request)));
  }

  /** False when the connection was lost meanwhile. */
  async #ask(added: readonly (readonly [string, Offer])[]): Promise<boolean> {
    const connection = this.#connection;
    if (added.length === 0 && this.#settled.env !== '') return true;
    const answers = await Promise.all(added.map(([, offer]) => connection.forward(forwardRequest(offer))));
    const [helloText, statusText] = await Promise.all([connection.run('hello'), connection.run('status')]);
    if (answers.includes('lost') || helloText === undefined) return false;
    const hello = parseHello(helloText.stdout);
    const said = { hello, status: parseStatus(statusText?.stdout ?? '') };
    added.forEach(([key, offer], index) => {
      this.#standings.set(key, standingOf(offer, answers[index] === 'accepted', said));
    });
    this.#settled = { ...this.#settled, env: oneLine(hello?.env ?? ''), nodes: hello?.nodes ?? 1 };
    return true;
  }

  #tell(offers: readonly (readonly [string, Offer])[]): void {
    // The target of an offer may have changed, which is no matter of the gateway's.
    const standings = offers.flatMap(([key, offer]) => {
      const standing = this.#standings.get(key);
      return standing === undefined ? [] : [{ ...standing, offer }];
    });
    const open = standings.filter((standing) => standing.kind === 'open');
    const refusedOnes = standings.filter((standing) => standing.kind === 'refused');
    this.#settled = { ...this.#settled, open, refused: refusedOnes };
    if (this.#parts.isUseful(this.#settled)) for (const listener of this.#listeners) listener(this.#settled);
    else this.#giveUp();
  }

  #giveUp(): void {
    const { refused: refusals } = this.#settled;
    this.#refusal ??= refused('forward', refusals.map(describeRefusal).join('; '));
    void this.close();
  }
}

function standingOf(
  offer: Offer,
  accepted: boolean,
  { hello, status }: { hello: Hello | undefined; status: GatewayStatus | undefined },
): Standing {
  const key = keyOf(offer);
  if (!accepted) {
    const reason = status?.refused.findLast(({ request }) => request === key)?.reason;
    return { kind: 'refused', offer, reason: oneLine(reason ?? 'the gateway gave no reason') };
  }
  const known = status?.forwards.find(({ request }) => request === key);
  if (!isVisited(offer)) return { kind: 'open', offer, url: '', access: undefined, shareUrl: undefined };
  const url = httpUrl(hello?.tunnels.get(key) ?? known?.url ?? '') ?? '';
  const shareUrl = known?.shareUrl === undefined ? undefined : httpUrl(known.shareUrl);
  const access = known?.access === undefined ? undefined : oneLine(known.access);
  return { kind: 'open', offer, url, access, shareUrl };
}

function keyOf(offer: Offer): string {
  return forwardKey(forwardRequest(offer));
}

function describeRefusal({ offer, reason }: RefusedForward): string {
  const name = offerName(offer);
  return name === '' ? reason : `${name}: ${reason}`;
}
