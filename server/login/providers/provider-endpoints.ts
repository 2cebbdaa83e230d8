import type { OwnEndpoint } from '../../pages/own-endpoint.ts';
import { BeginLogin } from './begin-login.ts';
import { FinishLogin } from './finish-login.ts';
import type { LoginFile } from './login-file.ts';
import type { ProviderContext } from './provider-context.ts';
import { ProviderLogins } from './provider-logins.ts';

/** Logging in at a provider: the way there, and the way back. */
export function providerEndpoints(file: LoginFile, context: ProviderContext): readonly OwnEndpoint[] {
  const logins = new ProviderLogins(file, context);
  return [new BeginLogin(logins), new FinishLogin(logins)];
}
