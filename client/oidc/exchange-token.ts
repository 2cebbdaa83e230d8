import type { SecureContext } from 'node:tls';
import { lost, refused, type Failure } from '../failure.ts';
import { askHttp } from '../http-ask.ts';
import { oneLine } from '../printable.ts';
import { formatHostPort, type ServerAddress } from '../server-url.ts';

/** What a gateway gave for a token. */
export interface Exchanged {
  readonly kind: 'exchanged';
  /** The line of a `-cert.pub` file. */
  readonly certificate: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly principal: string;
  readonly role: string;
  readonly env: readonly string[];
}

export interface ExchangeQuestion {
  readonly server: ServerAddress;
  readonly trust: SecureContext | undefined;
  readonly token: string;
  /** The line of a `.pub` file. */
  readonly publicKey: string;
  readonly ttl?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

const path = '/_porthole/oidc';
const timeoutMs = 30_000;

/** Sends the token and the key to the gateway, over TLS. The failure says whether it is of any use to try again. */
export async function exchangeToken(question: ExchangeQuestion): Promise<Exchanged | Failure> {
  const { server, trust, token, publicKey, ttl, env, signal } = question;
  const result = await askHttp({
    url: new URL(`https://${formatHostPort(server.host, server.port)}${path}`),
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ token, publicKey, ttl, env }),
    trust,
    timeoutMs,
    signal,
  });
  if (result.kind === 'failed') return unreachable(result);
  if (result.status === 200) return understood(result.body);
  return refusalOf(result.status, result.body);
}

/** A certificate that is not trusted stays so. */
function unreachable({ code, reason }: { code: string; reason: string }): Failure {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return refused('certificate-time', reason);
  return /CERT|UNABLE_TO|SELF_SIGNED/.test(code)
    ? refused('certificate', `${reason}; pass the gateway's CA with --ca FILE or PORTHOLE_CA`)
    : lost(reason);
}

function understood(body: string): Exchanged | Failure {
  const fields = parse(body);
  const { certificate, expiresAt, principal, role, env } = fields;
  const at = typeof expiresAt === 'string' ? Date.parse(expiresAt) : NaN;
  if (typeof certificate !== 'string' || /[\r\n]/.test(certificate) || Number.isNaN(at))
    return refused('authentication', 'the gateway answered the token with something that is no certificate');
  const patterns = Array.isArray(env) ? env.filter((each) => typeof each === 'string') : [];
  return {
    kind: 'exchanged',
    certificate,
    expiresAt: at,
    principal: text(principal),
    role: text(role),
    env: patterns.map(oneLine),
  };
}

function refusalOf(status: number, body: string): Failure {
  const { code, message, id } = parse(body);
  if (status === 404 || status === 405)
    return refused(
      'authentication',
      'this gateway takes no CI tokens: it has no policy for them (portholed --oidc-policy)',
    );
  const where = text(id) === '' ? '' : ` (error id ${text(id)})`;
  const reason = `the gateway did not take the token: ${text(message) || `it answered ${String(status)}`}${where}`;
  const stays = status < 500 && status !== 408 && status !== 429;
  return stays || code === 'ERR_NO_AUTHORITY' ? refused('authentication', reason) : lost(reason);
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? oneLine(value) : '';
}
