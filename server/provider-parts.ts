import type { Log } from '../core/log.ts';
import { noPeople, type PeopleRules } from './access/people-rules.ts';
import type { Config } from './config/keys.ts';
import type { ProviderContext } from './login/providers/provider-context.ts';
import type { LoginProviders } from './login/providers/providers.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';

/** The OpenID providers that people log in with, and the rules of what they may see: none, unless there is a file of them. */
export interface ProviderParts {
  readonly providers: LoginProviders;
  readonly people: PeopleRules;
  /** Of the login host. */
  endpoints(context: ProviderContext): readonly OwnEndpoint[];
  close(): void;
}

const none: ProviderParts = {
  providers: { list: () => [], onChange: () => undefined },
  people: noPeople,
  endpoints: () => [],
  close: () => undefined,
};

/** Opens the file. Rejects with `ERR_CONFIG` with everything that is wrong with it. */
export async function openProviderParts(
  { loginFile: path }: Pick<Config, 'loginFile'>,
  { log }: { readonly log: Log },
): Promise<ProviderParts> {
  if (path === undefined) return none;
  // What speaks to providers takes its time to load, and not everybody has one.
  const { LoginFile } = await import('./login/providers/login-file.ts');
  const { providerEndpoints } = await import('./login/providers/provider-endpoints.ts');
  const file = new LoginFile({ path, log });
  return {
    providers: file,
    people: file,
    endpoints: (context) => providerEndpoints(file, context),
    close: () => {
      file.close();
    },
  };
}
