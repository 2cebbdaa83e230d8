import type { Log } from '../core/log.ts';
import type { Config } from './config/keys.ts';
import type { CertificateIssuer } from './identity/issuer.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';
import type { VisitTokensOptions } from './oidc/visit-tokens.ts';
import type { AuditRecorder } from './store/audit-entry.ts';

/** What the gateway makes of the tokens of CI systems: nothing, unless there is a policy for them. */
export interface OidcParts {
  readonly endpoints: readonly OwnEndpoint[];
  close(): void;
}

/** Opens the policies. Rejects with `ERR_CONFIG` with everything that is wrong with their file. */
export async function openOidcParts(
  { oidcPolicy: path }: Pick<Config, 'oidcPolicy'>,
  parts: {
    /** `https://preview.example.com/` */
    readonly rootUrl: string;
    readonly certificates: CertificateIssuer;
    /** By which jobs get tokens to visit environments. */
    readonly visits: VisitTokensOptions;
    readonly audit: AuditRecorder;
    readonly log: Log;
  },
): Promise<OidcParts> {
  if (path === undefined) return { endpoints: [], close: () => undefined };
  // What verifies tokens takes its time to load, and few need it.
  const { PolicyFile } = await import('./oidc/policy-file.ts');
  const { TokenExchange } = await import('./oidc/token-exchange.ts');
  const { VisitTokens } = await import('./oidc/visit-tokens.ts');
  const { certificates, audit, log } = parts;
  const file = new PolicyFile({ path, audience: parts.rootUrl.replace(/\/$/, ''), log });
  const visitTokens = new VisitTokens(parts.visits);
  const exchange = new TokenExchange({
    policies: () => file.policies,
    certificates,
    visitTokens,
    audit,
    log,
  });
  return {
    endpoints: [exchange],
    close: () => {
      file.close();
    },
  };
}
