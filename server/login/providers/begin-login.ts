import { handOverQuery, readHandOver } from '../../access/hand-over.ts';
import { redirectAnswer } from '../../pages/answer.ts';
import type { EndpointAnswer, EndpointCall, OwnEndpoint } from '../../pages/own-endpoint.ts';
import { guarded } from '../login-path.ts';
import { flowCookie, readFlows } from './flow-cookie.ts';
import { newFlow } from './login-flow.ts';
import { noSuchProvider, providerUnavailable } from './login-words.ts';
import { problemAnswer } from './problem-page.ts';
import type { ProviderLogins } from './provider-logins.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { withPath } from './providers.ts';

/** `GET /_porthole/login/with?provider=NAME`, and the query of the login page: sends a browser to a provider. */
export class BeginLogin implements OwnEndpoint {
  readonly path = withPath;
  readonly on = 'gateway';
  readonly methods = ['GET'] as const;
  readonly maxBodyBytes = 0;
  readonly #logins: ProviderLogins;

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
    const { loginOrigin, loginHost } = this.#logins.context;
    // The cookie must be where the provider sends people back to.
    if (call.host !== loginHost)
      return { kind: 'answer', answer: redirectAnswer(303, loginOrigin + call.path) };
    const asked = readAsked(call.path);
    if (asked === undefined)
      return { kind: 'failure', code: 'ERR_BAD_REQUEST', reason: 'The address is not valid.', page: true };
    const settings = this.#logins.file.settingsOf(asked.provider);
    if (settings === undefined) return problemAnswer(noSuchProvider(asked), call);
    return this.#begin(settings, asked, call);
  }

  async #begin(settings: ProviderSettings, asked: Asked, call: EndpointCall): Promise<EndpointAnswer> {
    const { sealer, loginHost, now } = this.#logins.context;
    const flow = newFlow({ provider: settings.name, at: now(), query: asked.query });
    const started = await this.#logins.clientOf(settings).begin(flow, asked);
    if (started.kind !== 'redirect') {
      this.#logins.noteUnavailable(call, { provider: settings.name, reason: started.reason });
      return problemAnswer(providerUnavailable(settings, asked), call);
    }
    const cookies = { host: loginHost, sealer, nowMs: now() };
    const flows = [flow, ...readFlows(call.headers.cookie, cookies)];
    const headers = ['Set-Cookie', flowCookie(flows, cookies)];
    return { kind: 'answer', answer: redirectAnswer(303, started.location, headers) };
  }
}

interface Asked {
  readonly provider: string;
  /** Of the hand-over, in our own words. */
  readonly query: string;
  readonly another: boolean;
}

function readAsked(path: string): Asked | undefined {
  const start = path.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : path.slice(start + 1));
  const provider = query.get('provider');
  if (provider === null) return undefined;
  const another = query.get('another') === '1';
  if (!query.has('to')) return { provider, query: '', another };
  const handOver = readHandOver(path);
  return handOver.ok ? { provider, query: handOverQuery(handOver.value), another } : undefined;
}
