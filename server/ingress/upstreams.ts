import type { Duplex } from 'node:stream';
import type { Forward, Origin } from '../tunnel/forward.ts';
import type { Upstream } from './call.ts';
import { ChannelAgent } from './channel-agent.ts';
import { H2cUpstream } from './h2c-upstream.ts';
import { Http1Upstream } from './http1-call.ts';
import { openTls } from './tls-channel.ts';

export interface UpstreamsOptions {
  readonly tlsHandshakeTimeoutMs: number;
  /** The public host of a forward, in lower case: what TLS asks for when no `host=` says otherwise. */
  hostnameOf(forward: Forward): string;
}

const maxIdleChannels = 128;
/** Node's servers wait 5 s for another request, and are what most previews run. */
const idleChannelMs = 4000;

/** The upstreams behind the live forwards: one pool of channels each, made when first asked for, gone with the forward. */
export class Upstreams {
  readonly #options: UpstreamsOptions;
  readonly #byForward = new WeakMap<Forward, Upstream>();

  constructor(options: UpstreamsOptions) {
    this.#options = options;
  }

  of(forward: Forward): Upstream {
    const known = this.#byForward.get(forward);
    if (known !== undefined) return known;
    const upstream = this.#make(forward);
    this.#byForward.set(forward, upstream);
    void forward.closed.then(() => upstream.retire());
    return upstream;
  }

  #make(forward: Forward): Upstream {
    const open = (origin: Origin): Promise<Duplex> => forward.openChannel(origin);
    if (forward.options.scheme === 'h2c') return new H2cUpstream(open);
    const secure = forward.options.scheme === 'https';
    return new Http1Upstream(
      new ChannelAgent({
        open: secure ? (origin) => this.#openSecure(forward, origin) : open,
        maxIdle: maxIdleChannels,
        idleMs: idleChannelMs,
      }),
    );
  }

  async #openSecure(forward: Forward, origin: Origin): Promise<Duplex> {
    const { host } = forward.options;
    const servername = host === undefined || host === 'keep' ? this.#options.hostnameOf(forward) : host;
    const channel = await forward.openChannel(origin);
    return openTls(channel, {
      servername: servername.replace(/:\d+$/, ''),
      timeoutMs: this.#options.tlsHandshakeTimeoutMs,
    });
  }
}
