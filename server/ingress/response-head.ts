import { hopByHopNames } from './header-kinds.ts';
import { ownHostOnly } from './own-host-only.ts';
import { narrowCookie } from './set-cookie.ts';

export interface ResponseContext {
  /** The preview's host as the visitor names it, with its port if it has one. */
  readonly host: string;
  /** By which the visitor reaches it. */
  readonly protocol: string;
  /** What `host=` of the forward made of the Host, if anything. */
  readonly upstreamHost: string | undefined;
  /** Cookies of the gateway's own to set with this answer. */
  readonly setCookies: readonly string[];
  /** What `robots=` of the forward says; undefined: not to index what does not say anything itself. */
  readonly robots?: 'index' | 'noindex' | undefined;
}

/** The head of an upstream's answer as the visitor gets it, with what the gateway needs to know of it. */
export interface ResponseHead {
  /** Names and values in turn, without framing but for `Content-Length`. */
  readonly headers: string[];
  /** The names of the trailers that it announces. */
  readonly trailer: string | undefined;
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
  /** Server-sent events: open for long, and quiet at times. */
  readonly eventStream: boolean;
  /** How long the upstream keeps an unused connection, if it says so. */
  readonly keepAliveMs: number | undefined;
}

const kind = {
  plain: 0,
  dropped: 1,
  connection: 2,
  keepAlive: 3,
  contentLength: 4,
  transferEncoding: 5,
  trailer: 6,
  contentType: 7,
  setCookie: 8,
  robots: 9,
  narrowed: 10,
  location: 11,
} as const;

type Kind = (typeof kind)[keyof typeof kind];

const named = new Map<string, Kind>([
  ...[...hopByHopNames].map((name) => [name, kind.dropped] as const),
  // Another address for the whole host would be past the gateway.
  ['alt-svc', kind.dropped],
  // Keys that nobody holds any more would lock a host, and what is below it, for good.
  ['public-key-pins', kind.dropped],
  ['public-key-pins-report-only', kind.dropped],
  ['connection', kind.connection],
  ['keep-alive', kind.keepAlive],
  ['content-length', kind.contentLength],
  ['transfer-encoding', kind.transferEncoding],
  ['trailer', kind.trailer],
  ['content-type', kind.contentType],
  ['set-cookie', kind.setCookie],
  ['x-robots-tag', kind.robots],
  ['location', kind.location],
  ['content-location', kind.location],
  ...[...ownHostOnly.keys()].map((name) => [name, kind.narrowed] as const),
]);

const asWritten = new Map<string, Kind>(
  [
    ...named.keys(),
    'server',
    'date',
    'etag',
    'cache-control',
    'vary',
    'content-encoding',
    'last-modified',
  ].flatMap((name) => [
    [name, named.get(name) ?? kind.plain] as const,
    [name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()), named.get(name) ?? kind.plain] as const,
  ]),
);

export function readResponseHead(rawHeaders: readonly string[], context: ResponseContext): ResponseHead {
  return new ResponseReader(context).read(rawHeaders);
}

class ResponseReader implements ResponseHead {
  readonly #context: ResponseContext;
  readonly headers: string[] = [];
  contentLength: number | undefined;
  trailer: string | undefined;
  chunked = false;
  eventStream = false;
  keepAliveMs: number | undefined;
  #robots = false;
  #connection: string | undefined;

  constructor(context: ResponseContext) {
    this.#context = context;
  }

  read(rawHeaders: readonly string[]): this {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      this.#take(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    if (this.#connection !== undefined) this.#dropNamed(this.#connection);
    if (this.#isKeptFromIndexes()) this.headers.push('X-Robots-Tag', 'noindex');
    for (const cookie of this.#context.setCookies) this.headers.push('Set-Cookie', cookie);
    return this;
  }

  #take(name: string, value: string): void {
    switch (kindOf(name)) {
      case kind.plain:
        this.headers.push(name, value);
        break;
      case kind.dropped:
        break;
      case kind.connection:
        this.#connection = this.#connection === undefined ? value : `${this.#connection},${value}`;
        break;
      case kind.keepAlive:
        this.keepAliveMs = keepAliveHint(value);
        break;
      case kind.contentLength:
        this.contentLength = Number(value);
        this.headers.push(name, value);
        break;
      case kind.transferEncoding:
        this.chunked = true;
        break;
      case kind.trailer:
        this.trailer = value;
        break;
      case kind.contentType:
        this.eventStream = /^text\/event-stream\b/i.test(value);
        this.headers.push(name, value);
        break;
      case kind.setCookie:
        this.#push(name, narrowCookie(value, this.#hosts()));
        break;
      case kind.robots:
        this.#robots ||= value.trim() !== '';
        this.headers.push(name, value);
        break;
      case kind.narrowed:
        this.#push(name, ownHostOnly.get(name.toLowerCase())?.(value, hostnameOf(this.#context.host)));
        break;
      case kind.location:
        this.headers.push(name, this.#publicLocation(value));
        break;
    }
  }

  #push(name: string, value: string | undefined): void {
    if (value !== undefined) this.headers.push(name, value);
  }

  /** Of several that are sent the strictest counts. */
  #isKeptFromIndexes(): boolean {
    const { robots } = this.#context;
    return robots === 'noindex' || (robots === undefined && !this.#robots);
  }

  #hosts(): { hostname: string; upstreamHostname: string | undefined } {
    const { host, upstreamHost } = this.#context;
    return {
      hostname: hostnameOf(host),
      upstreamHostname: upstreamHost === undefined ? undefined : hostnameOf(upstreamHost),
    };
  }

  /** An upstream that was given another Host redirects to that; the visitor must stay where it is. */
  #publicLocation(value: string): string {
    const { upstreamHost, protocol, host } = this.#context;
    if (upstreamHost === undefined) return value;
    const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(value) ?? [];
    if (authority === undefined || hostnameOf(authority) !== hostnameOf(upstreamHost)) return value;
    return `${protocol}://${host}${rest ?? ''}`;
  }

  #dropNamed(connection: string): void {
    if (/^(?:close|keep-alive)$/i.test(connection)) return;
    const names = connection.split(',').map((name) => name.trim().toLowerCase());
    const { headers } = this;
    let kept = 0;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] ?? '';
      const lower = name.toLowerCase();
      // What frames the answer is not for the upstream to take away.
      if (names.includes(lower) && lower !== 'content-length') continue;
      headers[kept] = name;
      headers[kept + 1] = headers[i + 1] ?? '';
      kept += 2;
    }
    headers.length = kept;
  }
}

function kindOf(name: string): Kind {
  const known = asWritten.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const kindOfName = named.get(lower);
  if (kindOfName !== undefined) return kindOfName;
  // An environment must not speak for the gateway.
  return lower.startsWith('porthole-') ? kind.dropped : kind.plain;
}

function hostnameOf(authority: string): string {
  return authority.replace(/\.?(?::\d*)?$/, '').toLowerCase();
}

/** `timeout=5, max=100`: Node's and Apache's way to say how long they wait. */
function keepAliveHint(value: string): number | undefined {
  const [, seconds] = /(?:^|[\s,;])timeout\s*=\s*(\d{1,6})/i.exec(value) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
