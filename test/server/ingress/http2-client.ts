import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import type { Teardown } from './sockets.ts';

export function http2Client(t: Teardown, port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly body: string;
  readonly trailers: Record<string, unknown>;
  readonly information: Record<string, unknown>[];
}

/** One request over HTTP/2; rejects with the stream's error when it is reset. */
export function http2Get(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let received: Record<string, string | string[] | number | undefined> = {};
    let trailers: Record<string, unknown> = {};
    const information: Record<string, unknown>[] = [];
    let text = '';
    stream
      .setEncoding('utf8')
      .on('headers', (block) => information.push(block))
      .on('response', (block) => (received = block))
      .on('trailers', (block) => (trailers = block))
      .on('data', (chunk: string) => (text += chunk))
      .on('error', reject)
      .on('close', () => {
        if (stream.rstCode === 0) resolve({ headers: received, body: text, trailers, information });
        else reject(new Error(`reset with ${stream.rstCode}`));
      });
    if (body !== undefined) stream.end(body);
  });
}
