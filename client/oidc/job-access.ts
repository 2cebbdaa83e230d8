import { trustIn } from '../transport.ts';
import type { Failure } from '../failure.ts';
import { isIPv6 } from 'node:net';
import type { GatewayAccess } from '../login.ts';
import type { ServerAddress } from '../server-url.ts';
import { exchangeToken, type Exchanged } from './exchange-token.ts';
import { findTokenSource, getToken, type TokenFlags } from './ci-token.ts';
import type { Parsed } from '../../core/parsed.ts';
import { problem } from '../../core/parsed.ts';

export interface OidcFlags extends TokenFlags {
  readonly oidc?: boolean;
  readonly oidcAudience?: string;
}

/** What is asked of the gateway beside the token. */
export interface Wishes {
  readonly ttl?: string | undefined;
  readonly env?: readonly string[] | undefined;
}

/** Gets a certificate for a key of this job. */
export type Obtain = (
  publicKey: string,
  signal: AbortSignal,
  wishes?: Wishes,
) => Promise<Exchanged | Failure>;

/** How this job gets certificates, or what it lacks for that. */
export function findJobAccess(
  flags: OidcFlags,
  { server, trust }: Pick<GatewayAccess, 'server' | 'trust'>,
  env: Readonly<Record<string, string | undefined>>,
): Parsed<Obtain> {
  if (server.transport !== 'tls')
    return problem(
      '--oidc needs the gateway by https://HOST[:PORT]: a token is not sent over a connection without TLS',
    );
  const audience = flags.oidcAudience ?? audienceOf(server);
  const source = findTokenSource(flags, env, audience);
  if (!source.ok) return source;
  return {
    ok: true,
    value: async (publicKey, signal, { ttl, env: patterns } = {}) => {
      // GitHub is trusted as everybody trusts it, whatever authority the gateway has.
      const gitHubTrust = source.value.kind === 'github' ? trustIn(undefined) : undefined;
      const token = await getToken(source.value, { audience, trust: gitHubTrust, signal });
      if (token.kind !== 'token') return token;
      return exchangeToken({ server, trust, token: token.token, publicKey, ttl, env: patterns, signal });
    },
  };
}

/** The address of the gateway: `https://preview.example.com`, with its port where that does not go without saying. */
export function audienceOf({ host, port }: Pick<ServerAddress, 'host' | 'port'>): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return `https://${name}${port === 443 ? '' : `:${String(port)}`}`;
}
