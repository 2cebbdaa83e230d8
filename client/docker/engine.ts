import type { IncomingMessage } from 'node:http';
import { type EngineAddress, formatEngineAddress } from './engine-address.ts';
import { type ModemError, openModem } from './modem.ts';

export interface EngineOptions {
  readonly address: EngineAddress;
  /** For each answer, from the first packet to its last byte. */
  readonly answerMs: number;
}

const maxAnswerBytes = 32 * 1024 * 1024;
const notFound = 404;
const statusCodes = { 200: true, [notFound]: 'not found' };
const changes = ['start', 'die', 'destroy', 'rename', 'pause', 'unpause'];

/** One Docker engine, as far as it is asked here: which containers run, and when that changes. Rejections are for its user. */
export class Engine {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** The containers that run, as the engine describes them. */
  async list(signal: AbortSignal): Promise<readonly unknown[]> {
    const answer = await this.#json(`/containers/json?${query({ status: ['running'] })}`, signal);
    if (!Array.isArray(answer)) throw new Error('this is no Docker engine: its list is no list');
    return answer as readonly unknown[];
  }

  /** One container; undefined when it is gone. */
  inspect(id: string, signal: AbortSignal): Promise<unknown> {
    return this.#json(`/containers/${id}/json`, signal);
  }

  /**
   * Calls `onChange` whenever a container starts or ends, until `onEnd` is called with the reason why no more will come. Settles when
   * it listens. What happened is not said: the list is what counts.
   */
  async watch(
    on: { readonly change: () => void; readonly end: (reason: string) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const { answerMs } = this.#options;
    const path = `/events?${query({ type: ['container'], event: changes })}`;
    const response = await bounded(signal, answerMs, (inTime, done) => this.#ask(path, inTime).finally(done));
    if (response === undefined) throw this.#failure(new Error('it tells no events'));
    response.on('error', (error) => on.end(this.#failure(error).message));
    response.on('close', () => on.end(this.#failure(new Error('it closed the connection')).message));
    response.on('data', on.change);
    signal.addEventListener('abort', () => response.destroy(), { once: true });
    if (signal.aborted) response.destroy();
  }

  /** Undefined for what is not there. */
  async #json(path: string, signal: AbortSignal): Promise<unknown> {
    const text = await bounded(signal, this.#options.answerMs, async (inTime) => {
      const response = await this.#ask(path, inTime);
      return response === undefined ? undefined : readBounded(response);
    }).catch((error: unknown) => {
      throw this.#failure(error as ModemError);
    });
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      throw this.#failure(new Error('its answer is no JSON'));
    }
  }

  /** Undefined for 404. */
  async #ask(path: string, signal: AbortSignal): Promise<IncomingMessage | undefined> {
    const modem = await openModem(this.#options.address);
    return new Promise((resolve, reject) => {
      // The modem takes the last character away from a path that has a query.
      const wanted = path.includes('?') ? `${path}&` : path;
      const request = {
        path: wanted,
        method: 'GET',
        isStream: true,
        statusCodes,
        abortSignal: signal,
      } as const;
      modem.dial(request, (error, response) => {
        response?.on('error', () => undefined);
        if (response !== null) resolve(response);
        else if (error?.statusCode === notFound) resolve(undefined);
        else reject(this.#failure(error));
      });
    });
  }

  #failure(error: ModemError | null): Error {
    if (error instanceof EngineFailure) return error;
    const where = formatEngineAddress(this.#options.address);
    return new EngineFailure(`the Docker engine at ${where} ${describe(error)}`, { cause: error });
  }
}

class EngineFailure extends Error {}

function describe(error: ModemError | null): string {
  switch (error?.code) {
    case 'ENOENT':
      return 'is not there: is it running?';
    case 'ECONNREFUSED':
      return 'does not listen: is it running?';
    case 'EACCES':
      return 'may not be used by you: join its group (docker)';
    case 'ABORT_ERR':
      return 'did not answer in time';
    default:
      return `failed: ${error?.message.trim() ?? 'no answer'}`;
  }
}

function query(filters: Readonly<Record<string, readonly string[]>>): string {
  return `filters=${encodeURIComponent(JSON.stringify(filters))}`;
}

/** Runs something that ends when `signal` aborts, or after `ms` unless it has called `done` before. */
async function bounded<T>(
  signal: AbortSignal,
  ms: number,
  action: (signal: AbortSignal, done: () => void) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const onAbort = (): void => end.abort();
  const timer = setTimeout(onAbort, ms);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await action(end.signal, () => clearTimeout(timer));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error('its answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
