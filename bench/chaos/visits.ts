import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type AppAnswer, type Front, idHeader } from './jobs.ts';
import type { Ending, Mode } from './records.ts';

/** One small request, ready to be sent. */
export interface Visit {
  readonly id: string;
  readonly env: string;
  readonly path: string;
  /** Undefined for a GET. */
  readonly body: Buffer | undefined;
  readonly deadlineMs: number;
}

export const hostOf = (env: string, front: Front): string => `${env}.localhost:${front.port}`;

/** What an answer says, and whether it is the whole answer to this very request. */
export function endingOf(
  { id, body }: Visit,
  answer: { status: number; code: string | undefined; text: string },
): Ending {
  const { status, code, text } = answer;
  const told = { kind: 'answered' as const, status, ...(code === undefined ? {} : { code }) };
  if (status !== 200) return told;
  const said = parseAnswer(text);
  if (said === undefined) return { ...told, problem: 'the answer is not from the app' };
  const isWhole =
    said.received === (body?.length ?? 0) && said.crc === (body === undefined ? 0 : crc32(body));
  const problem =
    said.id !== id ? `the answer is for ${said.id}` : isWhole ? undefined : 'the app got another body';
  return { ...told, answeredBy: said.env, ...(problem === undefined ? {} : { problem }) };
}

function parseAnswer(text: string): AppAnswer | undefined {
  try {
    return JSON.parse(text) as AppAnswer;
  } catch {
    return undefined;
  }
}

/** Visitors who speak HTTP/1.1: over TLS or, as a trusted proxy does, in plain; each on a connection of its own, or on kept ones. */
export class Http1Visitors {
  readonly #front: Front;
  readonly #ca: Buffer;
  readonly #keptTls = new HttpsAgent({ keepAlive: true, maxFreeSockets: 64 });
  readonly #keptPlain = new HttpAgent({ keepAlive: true, maxFreeSockets: 64 });

  constructor(front: Front) {
    this.#front = front;
    this.#ca = readFileSync(front.caFile);
  }

  visit(visit: Visit, mode: Exclude<Mode, 'h2'>): Promise<Ending> {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const outgoing = this.#send(visit, mode);
    const timer = setTimeout(() => {
      resolve({ kind: 'hung' });
      outgoing.destroy();
    }, visit.deadlineMs);
    const broken = (error: NodeJS.ErrnoException): void => {
      const place = outgoing.reusedSocket ? ' on a kept connection' : '';
      resolve({ kind: 'broken', problem: (error.code ?? error.message) + place });
    };
    outgoing.on('error', broken);
    outgoing.on('response', (incoming) => void read(incoming, visit).then(resolve, broken));
    outgoing.end(visit.body);
    return promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#keptTls.destroy();
    this.#keptPlain.destroy();
  }

  #send({ id, env, path, body }: Visit, mode: Exclude<Mode, 'h2'>): ReturnType<typeof httpRequest> {
    const options: RequestOptions = {
      host: '127.0.0.1',
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { host: hostOf(env, this.#front), [idHeader]: id },
    };
    switch (mode) {
      case 'tls-new':
      case 'tls-kept': {
        const agent = mode === 'tls-kept' ? this.#keptTls : new HttpsAgent();
        const tls = { ca: this.#ca, servername: `${env}.localhost` };
        return httpsRequest({ ...options, port: this.#front.port, agent, ...tls });
      }
      case 'plain-new':
      case 'plain-kept': {
        const agent = mode === 'plain-kept' ? this.#keptPlain : new HttpAgent();
        const headers = { ...(options.headers as object), 'x-forwarded-proto': 'https' };
        return httpRequest({ ...options, port: this.#front.plainPort, agent, headers });
      }
    }
  }
}

/** Reads an answer to its end; rejects when it is cut short. */
async function read(incoming: IncomingMessage, visit: Visit): Promise<Ending> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const code = incoming.headers['porthole-error'];
  return endingOf(visit, {
    status: incoming.statusCode ?? 0,
    code: typeof code === 'string' ? code : undefined,
    text: Buffer.concat(chunks).toString(),
  });
}
