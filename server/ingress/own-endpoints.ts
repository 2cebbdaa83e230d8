import { isMisdirected } from './admission.ts';
import { jsonAnswer } from '../pages/answer.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../pages/own-endpoint.ts';
import type { Answerer, Exchange } from './exchange.ts';
import type { Failure } from './failure.ts';
import { forwardedProto } from './forwarded.ts';
import type { RequestHead } from './request-head.ts';
import { hostnameOf } from './sites.ts';
import type { Visit } from './visit.ts';
import { ownPathPrefix } from './wait.ts';

/** Programs ask, and programs are answered; unless the endpoint has a page for it. */
const json = 'application/json';
/** From the head to the last byte of the body; and from there to the answer. */
const bodyMs = 10_000;
const answerMs = 30_000;

/** The paths of the gateway's own that other parts fill in: on its own host, and on those of environments. */
export class OwnEndpoints {
  readonly #endpoints: ReadonlyMap<string, OwnEndpoint>;
  /** Those that answer what is below their paths, too. */
  readonly #above: readonly OwnEndpoint[];

  constructor(endpoints: readonly OwnEndpoint[]) {
    this.#above = endpoints.filter(({ below }) => below === true);
    this.#endpoints = new Map(endpoints.map((endpoint) => [`${endpoint.on} ${endpoint.path}`, endpoint]));
  }

  /** Whether there is one at the path that was asked for; it has its answer, then. */
  serve(visit: Visit, on: OwnEndpoint['on']): boolean {
    const { exchange, head } = visit;
    const endpoint = this.#at(on, head.pathname);
    if (endpoint === undefined) return false;
    if (on === 'environments' && isMisdirected(visit)) return true;
    const failure = refusal(visit, endpoint);
    if (failure === undefined) begin(exchange, visit, endpoint);
    else exchange.fail(failure, json);
    return true;
  }

  #at(on: OwnEndpoint['on'], pathname: string): OwnEndpoint | undefined {
    const exact = this.#endpoints.get(`${on} ${pathname}`);
    if (exact !== undefined || !pathname.startsWith(ownPathPrefix)) return exact;
    return this.#above.find((each) => each.on === on && pathname.startsWith(`${each.path}/`));
  }
}

function refusal(visit: Visit, endpoint: OwnEndpoint): Failure | undefined {
  const { head } = visit;
  if (!cameThroughTls(visit)) return { code: 'ERR_BAD_REQUEST', reason: 'This is taken over TLS only.' };
  const method = methodOf(head);
  if (method === undefined || !endpoint.methods.includes(method))
    return { code: 'ERR_METHOD_REFUSED', headers: ['Allow', endpoint.methods.join(', ')] };
  if (method === 'POST' && head.body === 'none')
    return { code: 'ERR_BAD_REQUEST', reason: 'A body is needed.' };
  if (method === 'GET' && head.body !== 'none') return { code: 'ERR_BAD_REQUEST' };
  const isTooLong = Number(head.contentLength ?? 0) > endpoint.maxBodyBytes;
  return isTooLong ? { code: 'ERR_BODY_TOO_LARGE' } : undefined;
}

function methodOf({ method }: RequestHead): 'GET' | 'POST' | undefined {
  if (method === 'HEAD') return 'GET';
  return method === 'GET' || method === 'POST' ? method : undefined;
}

/** All the way, as far as the gateway or a proxy that it trusts can tell. */
function cameThroughTls({ exchange, head }: Visit): boolean {
  const { info, trusted } = exchange.visitor.connection;
  const told = trusted ? forwardedProto(head) : undefined;
  return told === undefined ? info.secure : told === 'https';
}

function begin(exchange: Exchange, { head }: Visit, endpoint: OwnEndpoint): void {
  const leave = endpoint.enter(exchange.remote);
  if (leave === undefined) {
    exchange.fail({ code: 'ERR_LIMIT', retryAfterSeconds: 5 }, json);
    return;
  }
  const answering = new EndpointVisit(exchange, { endpoint, head, leave });
  exchange.answerer = answering;
  if (head.expect !== undefined) exchange.visitor.inform(100, []);
  if (head.body === 'none') answering.onBodyEnd();
  else exchange.visitor.readBody();
}

/** Reads a short body within a deadline, and gives the endpoint's answer. */
class EndpointVisit implements Answerer {
  readonly patienceMs = bodyMs + answerMs;
  readonly #exchange: Exchange;
  readonly #endpoint: OwnEndpoint;
  readonly #head: RequestHead;
  readonly #leave: () => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #failed = false;
  #timer: NodeJS.Timeout;

  constructor(
    exchange: Exchange,
    { endpoint, head, leave }: { endpoint: OwnEndpoint; head: RequestHead; leave: () => void },
  ) {
    this.#exchange = exchange;
    this.#endpoint = endpoint;
    this.#head = head;
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
    this.#endpoint.answer(this.#call()).then(
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

  #call(): EndpointCall {
    const { id: requestId, remote: address } = this.#exchange;
    const head = this.#head;
    const { host, path } = head;
    return {
      method: head.method === 'POST' ? 'POST' : 'GET',
      host: hostnameOf(host),
      path,
      headers: {
        ...head.context,
        accept: head.accept === '' ? undefined : head.accept,
        authorization: head.authorization,
        cookie: head.cookie,
      },
      body: Buffer.concat(this.#chunks),
      address,
      requestId,
    };
  }

  #tell(answer: EndpointAnswer): void {
    switch (answer.kind) {
      case 'failure':
        this.#fail(answer, answer.page === true ? this.#head.accept : json);
        break;
      case 'json':
        if (!this.#exchange.responded) this.#exchange.answer(jsonAnswer(200, answer.value));
        break;
      case 'answer':
        if (!this.#exchange.responded) this.#exchange.answer(answer.answer);
        break;
    }
  }

  #fail(failure: Failure, accept = json): void {
    this.#failed = true;
    if (!this.#exchange.responded) this.#exchange.fail(failure, accept);
  }

  #failAfter(ms: number, failure: Failure): NodeJS.Timeout {
    return setTimeout(() => this.#fail(failure), ms);
  }
}
