import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { ChannelOpenError } from '../tunnel/forward.ts';
import type { Origin } from '../tunnel/forward.ts';
import type { Call, CallFailure, CallListener, CallRequest, Upstream } from './call.ts';
import { H2cCall } from './h2c-call.ts';

/** A session without a request is closed after that. */
const idleSessionMs = 60_000;
const maxHeaderListBytes = 64 * 1024;

/** An upstream that speaks HTTP/2 without TLS, with prior knowledge: all requests share one session on one channel. */
export class H2cUpstream implements Upstream {
  readonly #open: (origin: Origin) => Promise<Duplex>;
  readonly #calls = new Set<H2cCall>();
  #session: ClientHttp2Session | undefined;
  #opening = false;
  #retired = false;

  constructor(open: (origin: Origin) => Promise<Duplex>) {
    this.#open = open;
  }

  call(request: CallRequest, listener: CallListener): Call {
    const call = new H2cCall(request, listener, () => this.#calls.delete(call));
    this.#calls.add(call);
    const session = this.#session;
    if (session !== undefined && !session.closed && !session.destroyed) call.start(session, true);
    else if (!this.#opening) this.#openSession(request.origin);
    return call;
  }

  retire(): void {
    this.#retired = true;
    this.#session?.close();
  }

  #openSession(origin: Origin): void {
    this.#opening = true;
    this.#open(origin).then(
      (channel) => {
        this.#opening = false;
        if (this.#retired) this.#openedTooLate(channel);
        else this.#opened(channel);
      },
      (error: unknown) => {
        this.#opening = false;
        const failure: CallFailure =
          error instanceof ChannelOpenError
            ? { kind: 'not-opened', failure: error.failure }
            : { kind: 'not-processed', cause: error };
        for (const call of this.#waiting()) call.fail(failure);
      },
    );
  }

  #openedTooLate(channel: Duplex): void {
    channel.on('error', () => {}).destroy();
    for (const call of this.#waiting()) call.fail({ kind: 'not-opened', failure: { kind: 'gone' } });
  }

  #opened(channel: Duplex): void {
    // A session needs both directions; a channel can have one of them closed.
    channel.on('error', () => {}).on('end', () => channel.destroy());
    const session = connect('http://upstream', {
      createConnection: () => channel,
      settings: { enablePush: false, maxHeaderListSize: maxHeaderListBytes, initialWindowSize: 1024 * 1024 },
    });
    this.#session = session;
    session.on('error', () => {}).on('close', () => channel.destroy());
    session.setTimeout(idleSessionMs);
    session.on('timeout', () => {
      if (this.#calls.size === 0) session.close();
      else session.setTimeout(idleSessionMs);
    });
    for (const call of this.#waiting()) call.start(session, false);
  }

  #waiting(): H2cCall[] {
    return [...this.#calls].filter((call) => !call.started);
  }
}
