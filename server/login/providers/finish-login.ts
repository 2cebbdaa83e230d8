import { readHandOver } from '../../access/hand-over.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../../pages/own-endpoint.ts';
import { guarded } from '../login-path.ts';
import { flowCookie, flowLifeMs, readFlows } from './flow-cookie.ts';
import { isInvited } from './invitation.ts';
import type { LoginFailure } from './login-failure.ts';
import { flowOfState, type LoginFlow } from './login-flow.ts';
import { loginDenied, loginRefused, notAdmitted, providerUnavailable, staleLogin } from './login-words.ts';
import { problemAnswer, type LoginProblem } from './problem-page.ts';
import type { LoginOutcome } from './provider-client.ts';
import type { ProviderLogins } from './provider-logins.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { callbackPath } from './providers.ts';
import { SpentStates } from './spent-states.ts';

const maxSpentStates = 50_000;

/** `GET /_porthole/login/callback`: takes back a browser from a provider, and begins a session for whom it is. */
export class FinishLogin implements OwnEndpoint {
  readonly path = callbackPath;
  readonly on = 'gateway';
  readonly methods = ['GET'] as const;
  readonly maxBodyBytes = 0;
  readonly #logins: ProviderLogins;
  readonly #spent = new SpentStates({ ttlMs: flowLifeMs, max: maxSpentStates });

  constructor(logins: ProviderLogins) {
    this.#logins = logins;
  }

  enter(address: string): (() => void) | undefined {
    return this.#logins.enter(address);
  }

  answer(call: EndpointCall): Promise<EndpointAnswer> {
    return guarded(() => this.#answer(call), call, this.#logins.context);
  }

  async #answer(call: EndpointCall): Promise<EndpointAnswer> {
    const { sealer, loginHost, now } = this.#logins.context;
    const query = new URLSearchParams(call.path.split('?').slice(1).join('?'));
    const cookies = { host: loginHost, sealer, nowMs: now() };
    const flows = readFlows(call.headers.cookie, cookies);
    const [state = '', ...others] = query.getAll('state');
    const flow = others.length === 0 ? flowOfState(flows, state) : undefined;
    const settings = flow && this.#logins.file.settingsOf(flow.provider);
    if (flow === undefined || settings === undefined || !this.#spent.spend(state, now()))
      return this.#stale(call);
    const rest = flowCookie(
      flows.filter((each) => each !== flow),
      cookies,
    );
    return this.#finish({ call, query, flow, settings, cookie: rest });
  }

  async #finish(login: Returning): Promise<EndpointAnswer> {
    const { query, flow, settings } = login;
    const needs = { groups: this.#logins.file.needsGroups(settings.name) };
    const outcome = await this.#logins.clientOf(settings).finish(query, flow, needs);
    return outcome.kind === 'person' ? this.#welcome(outcome, login) : this.#failed(outcome, login);
  }

  async #welcome(
    { person, toldEmail }: Extract<LoginOutcome, { kind: 'person' }>,
    login: Returning,
  ): Promise<EndpointAnswer> {
    const { call, flow, settings, cookie } = login;
    const { grants, now, signIn } = this.#logins.context;
    if (!this.#logins.file.admits(person) && !isInvited(person.email, grants, now())) {
      this.#logins.noteRefused(call, {
        provider: settings.name,
        reason: 'neither a rule nor a share link lets them in',
        subject: person.subject,
        email: person.email ?? toldEmail,
      });
      return this.#tell(notAdmitted(settings, { email: person.email, toldEmail }, flow), login);
    }
    const handOver = flow.query === '' ? undefined : readHandOver(`?${flow.query}`);
    const then = handOver?.ok === true ? handOver.value : undefined;
    const detail = { provider: settings.name, subject: person.subject };
    const answer = await signIn.signIn(person, call, then, { action: 'session.start', detail });
    return withCookie(answer, cookie);
  }

  #failed(failure: LoginFailure, login: Returning): EndpointAnswer {
    const { call, flow, settings } = login;
    const facts = { provider: settings.name, reason: failure.reason };
    switch (failure.kind) {
      case 'unavailable':
        this.#logins.noteUnavailable(call, facts);
        return this.#tell(providerUnavailable(settings, flow), login);
      case 'denied':
        this.#logins.noteRefused(call, facts);
        return this.#tell(loginDenied(settings, flow), login);
      case 'refused':
        this.#logins.noteRefused(call, facts);
        return this.#tell(loginRefused(settings, flow), login);
    }
  }

  #stale(call: EndpointCall): EndpointAnswer {
    this.#logins.noteRefused(call, { reason: 'this browser began no login with that state, or ended it' });
    return problemAnswer(staleLogin(), call);
  }

  #tell(problem: LoginProblem, { call, cookie }: Returning): EndpointAnswer {
    return problemAnswer({ ...problem, cookies: [cookie] }, call);
  }
}

interface Returning {
  readonly call: EndpointCall;
  readonly query: URLSearchParams;
  readonly flow: LoginFlow;
  readonly settings: ProviderSettings;
  /** What the browser keeps of the logins that it has begun. */
  readonly cookie: string;
}

function withCookie(answer: EndpointAnswer, cookie: string): EndpointAnswer {
  const header = ['Set-Cookie', cookie];
  switch (answer.kind) {
    case 'json':
      return answer;
    case 'failure':
      return { ...answer, headers: [...(answer.headers ?? []), ...header] };
    case 'answer':
      return { kind: 'answer', answer: { ...answer.answer, headers: [...answer.answer.headers, ...header] } };
  }
}
