import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Portholed } from './portholed.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface VisitOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The connection settings of a visitor who trusts the gateway's own authority and finds every host at its address. */
export function visitorOptions(gateway: Portholed, host: string): RequestOptions {
  return { host: '127.0.0.1', port: gateway.port, servername: host, ca: gateway.ca };
}

/** Asks `https://HOST:PORT/path` over a connection of its own, and gives the whole answer. */
export async function visit(gateway: Portholed, url: string, options: VisitOptions = {}): Promise<Answer> {
  const answer = await open(gateway, url, options);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() };
}

/** The same, but gives the answer as soon as its head is there. */
export function open(gateway: Portholed, url: string, options: VisitOptions = {}): Promise<IncomingMessage> {
  const { host, path } = split(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        ...visitorOptions(gateway, host),
        agent: new Agent({ keepAlive: false }),
        path,
        method: options.method ?? 'GET',
        headers: { host: `${host}:${String(gateway.port)}`, ...options.headers },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

/** `web--pr-1.localhost/path` with or without scheme and port. */
function split(url: string): { host: string; path: string } {
  const parsed = new URL(url.includes('://') ? url : `https://${url}`);
  return { host: parsed.hostname, path: parsed.pathname + parsed.search };
}
