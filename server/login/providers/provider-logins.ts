import type { EndpointCall } from '../../pages/own-endpoint.ts';
import { SourceAllowance, type AllowanceLimits } from '../../oidc/source-allowance.ts';
import type { LoginFile } from './login-file.ts';
import type { ProviderClient } from './provider-client.ts';
import { ProviderClients } from './provider-clients.ts';
import type { ProviderContext } from './provider-context.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { callbackPath } from './providers.ts';

/** Enough for many people behind one address, and little for a provider. */
const limits: AllowanceLimits = {
  burst: 60,
  everyMs: 500,
  maxInFlight: 256,
  maxInFlightPerSource: 32,
  maxSources: 10_000,
};

export interface Refusal {
  readonly provider?: string;
  readonly reason: string;
  readonly subject?: string;
  readonly email?: string | undefined;
}

/** What the beginning and the end of a login at a provider have in common. */
export class ProviderLogins {
  readonly file: LoginFile;
  readonly context: ProviderContext;
  readonly #clients: ProviderClients;
  readonly #allowance: SourceAllowance;

  constructor(
    file: LoginFile,
    context: ProviderContext,
    timeouts: { readonly timeoutMs?: number; readonly loginTimeoutMs?: number } = {},
  ) {
    this.file = file;
    this.context = context;
    const { loginOrigin, now } = context;
    this.#clients = new ProviderClients({ ...timeouts, redirectUri: loginOrigin + callbackPath, now });
    this.#allowance = new SourceAllowance(limits, now);
  }

  enter(address: string): (() => void) | undefined {
    return this.#allowance.enter(address);
  }

  clientOf(settings: ProviderSettings): ProviderClient {
    return this.#clients.clientOf(settings);
  }

  /** Somebody must act, or wait. */
  noteUnavailable({ requestId, address }: EndpointCall, facts: Refusal): void {
    this.context.log.error({ requestId, remote: address, ...facts }, 'login provider unavailable');
  }

  noteRefused({ requestId, address }: EndpointCall, { email, ...facts }: Refusal): void {
    const { audit, log, now } = this.context;
    const told = { ...facts, ...(email !== undefined && { email }) };
    log.info({ requestId, remote: address, ...told }, 'login refused');
    audit.record({
      at: now(),
      action: 'login.refused',
      result: 'refused',
      address,
      ...(email !== undefined && { target: email }),
      detail: { ...told, request: requestId },
    });
  }
}
