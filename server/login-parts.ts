import type { AccessParts } from './access-parts.ts';
import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import { AccountEndpoint } from './login/account-endpoint.ts';
import { Entry } from './login/entry.ts';
import { KeyEndpoint } from './login/key-endpoint.ts';
import { LinkEndpoint } from './login/link-endpoint.ts';
import type { LoginContext, OfferedProviders } from './login/login-context.ts';
import { LoginEndpoint } from './login/login-endpoint.ts';
import { loginAllowance, loginEndpoint } from './login/login-path.ts';
import { sessionEndpoint } from './login/session-endpoint.ts';
import { SessionStart } from './login/session-start.ts';
import type { SignIn } from './login/sign-in.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';
import { publicUrls } from './public-address.ts';
import type { AuditRecorder } from './store/audit-entry.ts';

/** What must be there before the login pages. */
export interface LoginFoundations {
  readonly access: AccessParts;
  readonly entrances: Pick<Entrances, 'port'>;
  readonly audit: AuditRecorder;
}

/** What the login pages go by, made of the settings and of what decides who may visit. */
export function loginContext(
  config: Pick<Config, 'domain' | 'publicUrl' | 'sessionTtlMs' | 'embedOrigins'>,
  { access, entrances, audit }: LoginFoundations,
): LoginContext {
  const { loginOrigin, loginHost, grantKey, sealer, codes, loginLinks, places, attempts } = access;
  const { sessions, grants, viewers, log } = access;
  return {
    loginOrigin,
    loginHost,
    grantKey,
    sealer,
    codes,
    loginLinks,
    places,
    attempts,
    sessions,
    grants,
    viewers,
    domain: config.domain,
    urls: publicUrls(config, entrances),
    sshPort: config.publicUrl?.port ?? entrances.port('any') ?? 22,
    sessionTtlMs: config.sessionTtlMs,
    embedOrigins: config.embedOrigins,
    audit,
    log,
    now: Date.now,
  };
}

/** What begins sessions: the providers' endpoints are made with it, and the login pages with the providers. */
export function makeSignIn(context: LoginContext): SignIn {
  return new SessionStart(context);
}

/** All of the login pages: those on the gateway's own host, and the end of a hand-over on the hosts of environments. */
export function loginEndpoints(
  context: LoginContext,
  { providers, signIn }: { readonly providers: OfferedProviders; readonly signIn: SignIn },
): readonly OwnEndpoint[] {
  const sources = loginAllowance();
  const entry = new Entry(context, providers);
  const paths = [
    new LoginEndpoint(context, entry),
    new LinkEndpoint(context, entry),
    new KeyEndpoint(context, signIn),
    new AccountEndpoint(context),
  ];
  return [...paths.map((path) => loginEndpoint(path, context, sources)), sessionEndpoint(context, sources)];
}
