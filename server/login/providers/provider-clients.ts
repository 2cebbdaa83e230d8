import { ProviderClient, type ProviderClientOptions } from './provider-client.ts';
import type { ProviderSettings } from './provider-settings.ts';

/** The clients of the providers as they are now: one that was changed in the file is begun anew. */
export class ProviderClients {
  readonly #options: Omit<ProviderClientOptions, 'settings'>;
  readonly #clients = new WeakMap<ProviderSettings, ProviderClient>();

  constructor(options: Omit<ProviderClientOptions, 'settings'>) {
    this.#options = options;
  }

  clientOf(settings: ProviderSettings): ProviderClient {
    const known = this.#clients.get(settings);
    if (known !== undefined) return known;
    const client = new ProviderClient({ ...this.#options, settings });
    this.#clients.set(settings, client);
    return client;
  }
}
