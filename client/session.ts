import { forwardKey } from '../core/forward.ts';
import { deadline } from '../core/lifecycle.ts';
import type { Answer, SshConnection } from './connection.ts';
import { lost, refused, type Failure } from './failure.ts';
import { type ForwardStatus, parseHello, parseStatus } from './gateway-answers.ts';
import { type GatewayAccess, type LoginParts, logIn } from './login.ts';
import { oneLine } from './printable.ts';
import { forwardRequest, type Offer, offerName } from './target.ts';

/** An offer that the gateway serves. */
export interface OpenForward {
  readonly offer: Offer;
  readonly url: string;
  readonly access: string | undefined;
  /** Opens a private forward, for whoever has it. */
  readonly shareUrl: string | undefined;
}

export interface RefusedForward {
  readonly offer: Offer;
  readonly reason: string;
}

/** A tunnel whose forwards are settled: these stand, those were refused. */
export interface Settled {
  readonly env: string;
  readonly open: readonly OpenForward[];
  readonly refused: readonly RefusedForward[];
}

/** One life of the tunnel, from a login whose forwards are settled to the end of the connection. */
export class Session {
  readonly settled: Settled;
  readonly #connection: SshConnection;
  readonly #drainMs: number;

  constructor(connection: SshConnection, settled: Settled, drainMs: number) {
    this.#connection = connection;
    this.settled = settled;
    this.#drainMs = drainMs;
  }

  /** Settles once, with the reason, when the connection is over. */
  get closed(): Promise<string> {
    return this.#connection.closed;
  }

  /**
   * Withdraws the forwards, so that nothing new comes, lets what runs finish within a bound, and says
   * goodbye.
   */
  async close(): Promise<void> {
    const connection = this.#connection;
    await Promise.all(this.settled.open.map(({ offer }) => connection.cancel(forwardRequest(offer))));
    await deadline(connection.drained, this.#drainMs, () => undefined);
    await connection.close();
  }
}

/**
 * Logs in and asks for the forwards. A failure when there is no connection, or when not one forward stands.
 */
export async function openSession(
  access: GatewayAccess,
  offers: readonly Offer[],
  parts: LoginParts & { drainMs: number },
): Promise<{ kind: 'open'; session: Session } | Failure> {
  const opened = await logIn(access, parts);
  if (opened.kind !== 'open') return opened;
  const { connection } = opened;
  const settled = await settle(connection, offers);
  if (settled === undefined) return lost(await endOf(connection));
  if (settled.open.length > 0)
    return { kind: 'open', session: new Session(connection, settled, parts.drainMs) };
  await connection.close();
  return refused('forward', settled.refused.map(describeRefusal).join('; '));
}

/** Undefined when the connection was lost meanwhile. */
async function settle(connection: SshConnection, offers: readonly Offer[]): Promise<Settled | undefined> {
  const answers = await Promise.all(offers.map((offer) => connection.forward(forwardRequest(offer))));
  const [hello, status] = await Promise.all([connection.run('hello'), connection.run('status')]);
  if (answers.includes('lost') || hello === undefined) return undefined;
  return sort(offers, answers, { hello: hello.stdout, status: status?.stdout ?? '' });
}

function sort(
  offers: readonly Offer[],
  answers: readonly Answer[],
  said: { hello: string; status: string },
): Settled {
  const hello = parseHello(said.hello);
  const status = parseStatus(said.status);
  const statusOf = new Map<string, ForwardStatus>(
    status?.forwards.map((forward) => [forward.request, forward]),
  );
  const reasonOf = new Map(status?.refused.map(({ request, reason }) => [request, oneLine(reason)]));
  const open: OpenForward[] = [];
  const refusals: RefusedForward[] = [];
  offers.forEach((offer, index) => {
    const key = forwardKey(forwardRequest(offer));
    if (answers[index] === 'refused') {
      refusals.push({ offer, reason: reasonOf.get(key) ?? 'the gateway gave no reason' });
      return;
    }
    const known = statusOf.get(key);
    const url = oneLine(hello?.tunnels.get(key) ?? known?.url ?? '');
    open.push({ offer, url, access: known?.access, shareUrl: known?.shareUrl });
  });
  return { env: hello?.env ?? '', open, refused: refusals };
}

function describeRefusal({ offer, reason }: RefusedForward): string {
  const name = offerName(offer);
  return name === '' ? reason : `${name}: ${reason}`;
}

/** A connection that answered nothing in time was destroyed for it, so this settles. */
async function endOf(connection: SshConnection): Promise<string> {
  connection.destroy('the gateway gave no answer');
  return connection.closed;
}
