import type { Log } from '../core/log.ts';
import { openAccessParts, type AccessBase, type AccessParts } from './access-parts.ts';
import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import type { CertificateIssuer } from './identity/issuer.ts';
import { loginOriginOf } from './login-origin.ts';
import { loginContext, loginEndpoints, makeSignIn } from './login-parts.ts';
import type { LoginContext } from './login/login-context.ts';
import { openOidcParts, type OidcParts } from './oidc-parts.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';
import { openProviderParts, type ProviderParts } from './provider-parts.ts';
import { publicAddress, publicUrls } from './public-address.ts';
import type { Stores } from './store/stores.ts';

/** All that lets visitors in: what decides, the login providers, the login pages, and the exchange of CI tokens. */
export interface VisitParts {
  readonly access: AccessParts;
  readonly endpoints: readonly OwnEndpoint[];
  /** Whether people can log in with an address that somebody vouches for. */
  readonly hasLoginProviders: () => boolean;
  /** Idempotent. */
  close(): void;
}

export interface VisitBase extends Omit<AccessBase, 'people' | 'login' | 'publicAddress' | 'stores'> {
  readonly stores: Stores;
  readonly entrances: Pick<Entrances, 'port'>;
  readonly issuer: CertificateIssuer;
  readonly log: Log;
}

/** Opens them. Rejects with `ERR_CONFIG` or `ERR_STATE_DIR`, and leaves nothing open. */
export async function openVisitParts(config: Config, base: VisitBase): Promise<VisitParts> {
  const opened: { close(): void }[] = [];
  const close = (): void => {
    for (const part of opened.toReversed()) part.close();
  };
  try {
    return { ...(await open(config, base, opened)), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function open(
  config: Config,
  base: VisitBase,
  opened: { close(): void }[],
): Promise<Omit<VisitParts, 'close'>> {
  const { log, entrances } = base;
  const { audit } = base.stores;
  const providers = await openProviderParts(config, { log });
  opened.push(providers);
  const access = await openAccessParts(config, {
    ...base,
    people: providers.people,
    login: loginOriginOf(config, entrances),
    publicAddress: publicAddress(config, entrances),
  });
  opened.push(access);
  const oidc = await openExchange(config, base);
  opened.push(oidc);
  const pages = pagesOf(loginContext(config, { access, entrances, audit }), providers);
  return {
    access,
    endpoints: [...oidc.endpoints, ...pages],
    hasLoginProviders: () => providers.providers.list().length > 0,
  };
}

function openExchange(config: Config, base: VisitBase): Promise<OidcParts> {
  const { stores, grantKey, registry, issuer, entrances, log } = base;
  return openOidcParts(config, {
    rootUrl: publicUrls(config, entrances).rootUrl,
    certificates: issuer,
    visits: { grants: stores.grants, grantKey, ownerOf: (env) => registry.view(env)?.owner },
    audit: stores.audit,
    log,
  });
}

function pagesOf(context: LoginContext, parts: ProviderParts): readonly OwnEndpoint[] {
  const signIn = makeSignIn(context);
  return [
    ...loginEndpoints(context, { providers: parts.providers, signIn }),
    ...parts.endpoints({ ...context, signIn }),
  ];
}
