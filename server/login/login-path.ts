import { PortholeError } from '../../core/errors.ts';
import { encodedPath } from '../access/safe-path.ts';
import { SourceAllowance } from '../oidc/source-allowance.ts';
import { redirectAnswer } from '../pages/answer.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../pages/own-endpoint.ts';
import { maxFormBytes, readForm, type Form } from './form-body.ts';
import type { LoginContext } from './login-context.ts';

/** What a path of the login origin does. */
export interface LoginPath {
  readonly path: string;
  get(call: EndpointCall): Promise<EndpointAnswer> | EndpointAnswer;
  /** A form of one of the login pages. */
  post?(call: EndpointCall, form: Form): Promise<EndpointAnswer>;
}

/** Far above what people do, also those of a whole office behind one address. */
const allowance = {
  burst: 600,
  everyMs: 20,
  maxInFlight: 512,
  maxInFlightPerSource: 128,
  maxSources: 10_000,
};

/** How much each source may ask of the login pages, all of them together. */
export function loginAllowance(): SourceAllowance {
  return new SourceAllowance(allowance, () => performance.now());
}

/** Makes an endpoint of it, which takes forms of the login origin's own pages only, and never rejects. */
export function loginEndpoint(
  login: LoginPath,
  context: LoginContext,
  sources: SourceAllowance,
): OwnEndpoint {
  return {
    path: login.path,
    on: 'gateway',
    methods: login.post === undefined ? ['GET'] : ['GET', 'POST'],
    maxBodyBytes: maxFormBytes,
    enter: (address) => sources.enter(address),
    answer: (call) => guarded(() => answerLogin(login, call, context), call, context),
  };
}

/** Whatever fails becomes an answer. */
export async function guarded(
  answer: () => Promise<EndpointAnswer> | EndpointAnswer,
  { requestId }: EndpointCall,
  { log }: Pick<LoginContext, 'log'>,
): Promise<EndpointAnswer> {
  try {
    return await answer();
  } catch (err) {
    if (err instanceof PortholeError && err.code !== 'ERR_INTERNAL')
      return { kind: 'failure', code: err.code, reason: err.message, page: true };
    log.error({ err, requestId }, 'a login page failed inside the gateway');
    return { kind: 'failure', code: 'ERR_INTERNAL', page: true };
  }
}

function answerLogin(
  login: LoginPath,
  call: EndpointCall,
  { loginHost, loginOrigin }: LoginContext,
): Promise<EndpointAnswer> | EndpointAnswer {
  // The gateway's domain, where the login pages have a host of their own.
  if (call.host !== loginHost)
    return { kind: 'answer', answer: redirectAnswer(308, loginOrigin + encodedPath(call.path)) };
  if (call.method === 'GET' || login.post === undefined) return login.get(call);
  if (call.headers.origin !== loginOrigin)
    return {
      kind: 'failure',
      code: 'ERR_ORIGIN_REFUSED',
      reason: 'This form was not sent by a page of this gateway.',
      next: 'Go back to the page that you came from, load it anew, and try again.',
      page: true,
    };
  const form = readForm(call.body, call.headers.contentType);
  if (!form.ok) return { kind: 'failure', code: 'ERR_BAD_REQUEST', reason: form.problem, page: true };
  return login.post(call, form.value);
}
