import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../../server/identity/own-authority.ts';
import { Portholed } from './portholed.ts';
import { OidcIssuer } from './oidc-issuer.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/** A gateway that takes the tokens of a real issuer, and knows no key at all. */
export interface GatewayWithPolicy {
  readonly gateway: Portholed;
  readonly issuer: OidcIssuer;
  readonly policyFile: string;
  /** Whom its tokens must be for. */
  readonly audience: string;
}

export interface PolicyOptions {
  /** `{issuer}` stands for the issuer's address. */
  readonly policy?: string;
  readonly args?: readonly string[];
  /** Whether it has an authority that signs certificates. */
  readonly authority?: boolean;
}

export const shopPolicy = `
[[policy]]
name = "shop"
issuer = "{issuer}"
claims = { repository = "acme/shop", event_name = ["push", "pull_request"] }
env = ["pr-*"]
principal = "ci:\${repository}"
`;

export async function startGatewayWithPolicy(
  t: TestScope,
  { policy = shopPolicy, args = [], authority = true }: PolicyOptions = {},
): Promise<GatewayWithPolicy> {
  const issuer = await OidcIssuer.start(t);
  const stateDir = scratchDir(t);
  const policyFile = join(scratchDir(t), 'oidc.toml');
  writeFileSync(policyFile, policy.replaceAll('{issuer}', issuer.url));
  if (authority) createAuthority(stateDir, 'test');
  const gateway = await Portholed.start(t, ['--state-dir', stateDir, '--oidc-policy', policyFile, ...args]);
  t.teardown(() => {
    if (!t.passing()) t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
  });
  return { gateway, issuer, policyFile, audience: `https://localhost:${String(gateway.port)}` };
}

/** What the token of a job says that the policy lets in. */
export const jobClaims = {
  sub: 'repo:acme/shop:ref:refs/heads/main',
  repository: 'acme/shop',
  event_name: 'push',
};

/** What GitHub sets for a job that may have ID tokens. */
export function jobEnv({ issuer }: Pick<GatewayWithPolicy, 'issuer'>): Record<string, string> {
  issuer.jobClaims = jobClaims;
  return {
    GITHUB_ACTIONS: 'true',
    ACTIONS_ID_TOKEN_REQUEST_URL: issuer.actions.url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuer.actions.token,
  };
}
