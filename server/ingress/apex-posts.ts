import type { ApexEndpoint, EndpointAnswer } from './apex-endpoint.ts';
import { jsonAnswer } from './answer.ts';
import type { Answerer, Exchange } from './exchange.ts';
import type { Failure } from './failure.ts';
import { forwardedProto } from './forwarded.ts';
import type { Visit } from './visit.ts';

/** Programs ask, and programs are answered. */
const json = 'application/json';
/** From the head to the last byte of the body; and from there to the answer. */
const bodyMs = 10_000;
const answerMs = 30_000;

/** The paths of the gateway's own host that take a body. */
export class ApexPosts {
  readonly #endpoints: ReadonlyMap<string, ApexEndpoint>;

  constructor(endpoints: readonly ApexEndpoint[]) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  }

  /** Whether there is one at the path that was asked for; it has its answer, then. */
  serve(visit: Visit): boolean {
    const { exchange, head } = visit;
    const endpoint = this.#endpoints.get(head.pathname);
    if (endpoint === undefined) return false;
    const failure = refusal(visit, endpoint);
    if (failure === undefined) begin(exchange, visit, endpoint);
    else exchange.fail(failure, json);
    return true;
  }
}

function refusal(visit: Visit, endpoint: ApexEndpoint): Failure | undefined {
  const { head } = visit;
  if (!cameThroughTls(visit)) return { code: 'ERR_BAD_REQUEST', reason: 'This is taken over TLS only.' };
  if (head.method !== 'POST') return { code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'POST'] };
  if (head.body === 'none') return { code: 'ERR_BAD_REQUEST', reason: 'A JSON body is needed.' };
  const isTooLong = Number(head.contentLength ?? 0) > endpoint.maxBodyBytes;
  return isTooLong ? { code: 'ERR_BODY_TOO_LARGE' } : undefined;
}

/** All the way, as far as the gateway or a proxy that it trusts can tell. */
function cameThroughTls({ exchange, head }: Visit): boolean {
  const { info, trusted } = exchange.visitor.connection;
  const told = trusted ? forwardedProto(head) : undefined;
  return told === undefined ? info.secure : told === 'https';
}

function begin(exchange: Exchange, { head }: Visit, endpoint: ApexEndpoint): void {
  const leave = endpoint.enter(exchange.remote);
  if (leave === undefined) {
    exchange.fail({ code: 'ERR_LIMIT', retryAfterSeconds: 5 }, json);
    return;
  }
  exchange.answerer = new PostAnswer(exchange, endpoint, leave);
  if (head.expect !== undefined) exchange.visitor.inform(100, []);
  exchange.visitor.readBody();
}

/** Reads a short body within a deadline, and gives the endpoint's answer. */
class PostAnswer implements Answerer {
  readonly patienceMs = bodyMs + answerMs;
  readonly #exchange: Exchange;
  readonly #endpoint: ApexEndpoint;
  readonly #leave: () => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #failed = false;
  #timer: NodeJS.Timeout;

  constructor(exchange: Exchange, endpoint: ApexEndpoint, leave: () => void) {
    this.#exchange = exchange;
    this.#endpoint = endpoint;
    this.#leave = leave;
    this.#timer = this.#failAfter(bodyMs, { code: 'ERR_REQUEST_TIMEOUT' });
  }

  onBody(chunk: Buffer): void {
    if (this.#failed) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#endpoint.maxBodyBytes) this.#fail({ code: 'ERR_BODY_TOO_LARGE' });
    else this.#chunks.push(chunk);
  }

  onBodyEnd(): void {
    if (this.#failed) return;
    clearTimeout(this.#timer);
    this.#timer = this.#failAfter(answerMs, { code: 'ERR_INTERNAL' });
    const { id: requestId, remote: address } = this.#exchange;
    const body = Buffer.concat(this.#chunks);
    this.#endpoint.answer({ body, address, requestId }).then(
      (answer) => this.#tell(answer),
      () => this.#fail({ code: 'ERR_INTERNAL' }),
    );
  }

  onVisitorDrain(): void {
    // The answer is short.
  }

  onStall(): void {
    this.#fail({ code: 'ERR_REQUEST_TIMEOUT' });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#chunks.length = 0;
    this.#leave();
  }

  #tell(answer: EndpointAnswer): void {
    if (answer.kind === 'failure') this.#fail(answer);
    else if (!this.#exchange.responded) this.#exchange.answer(jsonAnswer(200, answer.value));
  }

  #fail(failure: Failure): void {
    this.#failed = true;
    if (!this.#exchange.responded) this.#exchange.fail(failure, json);
  }

  #failAfter(ms: number, failure: Failure): NodeJS.Timeout {
    return setTimeout(() => this.#fail(failure), ms);
  }
}
