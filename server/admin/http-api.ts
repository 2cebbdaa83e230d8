import type { ErrorCode } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { SourceAllowance } from '../oidc/source-allowance.ts';
import { jsonAnswer, textAnswer } from '../pages/answer.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../pages/own-endpoint.ts';
import type { Admin } from './admin.ts';
import type { Answer, ErrorStatus } from './answer.ts';
import type { ApiCallers } from './api-callers.ts';
import { apiDescription } from './api-description.ts';
import { apiPath, readApiRequest, type ApiRequest } from './api-request.ts';
import type { AdminSession } from './giving.ts';
import { replyOf } from './reply.ts';

export interface HttpApiOptions {
  readonly admin: Pick<Admin, 'give'>;
  readonly callers: ApiCallers;
  readonly log: Log;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
}

type Failure = Extract<EndpointAnswer, { kind: 'failure' }>;

/** For scripts and for pages that ask for many things at once. */
const allowance = {
  burst: 300,
  everyMs: 50,
  maxInFlight: 256,
  maxInFlightPerSource: 32,
  maxSources: 10_000,
};
const maxBodyBytes = 64 * 1024;

/** `/_porthole/api`: every command that manages the gateway, over HTTP; with the same rights, effects and lines of the audit as over SSH. */
export class HttpApi implements OwnEndpoint {
  readonly path = apiPath;
  readonly below = true;
  readonly on = 'gateway';
  readonly methods = ['GET', 'POST'] as const;
  readonly maxBodyBytes = maxBodyBytes;
  readonly #options: HttpApiOptions;
  readonly #sources: SourceAllowance;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#sources = new SourceAllowance(allowance, options.clock ?? (() => performance.now()));
  }

  enter(address: string): (() => void) | undefined {
    return this.#sources.enter(address);
  }

  /** Never rejects. */
  async answer(call: EndpointCall): Promise<EndpointAnswer> {
    try {
      return await this.#answer(call);
    } catch (err) {
      this.#options.log.error({ err, requestId: call.requestId }, 'the API failed inside the gateway');
      return { kind: 'failure', code: 'ERR_INTERNAL' };
    }
  }

  async #answer(call: EndpointCall): Promise<EndpointAnswer> {
    // Whatever else is said there: addresses are logged and kept.
    if (apiToken.test(call.path)) return tokenInAddress;
    const asker = this.#options.callers.callerOf(call);
    if (asker.kind === 'failure') return asker;
    const request = readApiRequest(call);
    switch (request.kind) {
      case 'list':
        return told({ commands: apiDescription() }, []);
      case 'problem':
        return { ...request, kind: 'failure' };
      case 'command':
        return this.#give(request, call, asker);
    }
  }

  async #give(
    { command, input }: Extract<ApiRequest, { kind: 'command' }>,
    { headers }: EndpointCall,
    { caller }: Pick<AdminSession, 'caller'>,
  ): Promise<EndpointAnswer> {
    // What must not be missing is not: the request was read.
    const readInput = () => Promise.resolve({ ok: true, value: input ?? '' } as const);
    const answer = await this.#options.admin.give(command, { caller, readInput });
    if (answer.kind === 'error') return failureOf(answer);
    if (!prefersText(headers.accept)) return told(answer.value, answer.notes ?? []);
    const text = replyOf(answer).stdout.join('\n');
    return { kind: 'answer', answer: textAnswer(200, text, ownPagesOnly) };
  }
}

/** No page of another origin gets at it, not even without reading it. */
const ownPagesOnly = ['Cross-Origin-Resource-Policy', 'same-origin'];

function told(value: unknown, notes: readonly string[]): EndpointAnswer {
  return { kind: 'answer', answer: jsonAnswer(200, { value, notes }, ownPagesOnly) };
}

const codes: Readonly<Record<ErrorStatus, ErrorCode>> = {
  1: 'ERR_COMMAND_FAILED',
  2: 'ERR_BAD_REQUEST',
  3: 'ERR_NOT_AUTHORISED',
};

function failureOf({ message, status, code = codes[status] }: Extract<Answer, { kind: 'error' }>): Failure {
  return { kind: 'failure', code, reason: message };
}

const apiToken = /\bpha_[\w.-]{8}/;
const tokenInAddress: Failure = {
  kind: 'failure',
  code: 'ERR_BAD_REQUEST',
  reason: 'A token does not belong into an address, where logs and histories keep it.',
  next: 'Send it as Authorization: Bearer TOKEN; consider this one known, and let it expire.',
};

/** What a person would see, such as a file for ssh -F: only for whoever says so. */
function prefersText(accept: string | undefined): boolean {
  return /^\s*text\/plain\b/i.test(accept ?? '');
}
