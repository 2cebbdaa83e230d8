import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Child } from './child.ts';
import type { Endpoint } from './endpoint.ts';
import { hundredMegabytes, megabyte, paths, receivedHeader, smallBody } from './origin.ts';
import { until } from './patience.ts';

const startLimitMs = 15_000;
const requestLimitMs = 30_000;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  /** The beginning of the body. */
  readonly text: string;
}

/** One whole exchange with a peer, the certificate unseen. */
async function ask(endpoint: Endpoint, path: string, body?: Buffer): Promise<Answer> {
  const send = endpoint.root.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(endpoint.root + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...endpoint.headers },
    agent: false,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(requestLimitMs),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let [bytes, text] = [0, ''];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (text.length < smallBody.length) text += chunk.toString('latin1', 0, smallBody.length);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, text };
}

async function answersSmall(endpoint: Endpoint): Promise<boolean> {
  try {
    const { status, text } = await ask(endpoint, paths.small);
    return status === 200 && text === smallBody;
  } catch {
    return false;
  }
}

/** Waits until the origin answers through a peer; throws with its processes' last words when one of them ends. */
export async function untilServes(endpoint: Endpoint, children: readonly Child[] = []): Promise<void> {
  const words = (): string => children.map((child) => `${child.name}: ${child.lastWords}`).join('\n');
  const ask = (): Promise<boolean> => {
    const ended = children.find((child) => !child.running);
    if (ended !== undefined) throw new Error(`${ended.name} ended: ${ended.lastWords}`);
    return answersSmall(endpoint);
  };
  await until(`${endpoint.root} serves`, ask, startLimitMs).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\n${words()}`.trim(), { cause: error });
  });
}

/** What is wrong with the answers of a peer: every byte must arrive before its speed counts. */
export async function verify(endpoint: Endpoint): Promise<string[]> {
  const problems: string[] = [];
  const small = await ask(endpoint, paths.small);
  if (small.status !== 200 || small.text !== smallBody) problems.push(`${paths.small} gave ${small.status}`);
  const large = await ask(endpoint, paths.megabyte);
  if (large.bytes !== megabyte) problems.push(`${paths.megabyte} gave ${large.bytes} bytes`);
  const upload = await ask(endpoint, paths.upload, Buffer.alloc(hundredMegabytes));
  const received = Number(upload.headers[receivedHeader]);
  if (!(received >= hundredMegabytes)) problems.push(`only ${received} bytes of an upload arrived`);
  return problems;
}
