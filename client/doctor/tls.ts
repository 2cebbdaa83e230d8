import { isIP } from 'node:net';
import { connect, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { lookup } from '../localhost-lookup.ts';
import { oneLine } from '../printable.ts';
import { formatHostPort, type ServerAddress } from '../server-url.ts';
import { failed, fine, type Verdict, warning } from './check.ts';

export type TlsFacts =
  | {
      readonly kind: 'shaken';
      /** Why the certificate is not accepted: Node's code. */
      readonly problem: string | undefined;
      /** As in the certificate: `DNS:preview.example.com, DNS:*.preview.example.com`. */
      readonly names: string;
      readonly issuer: string;
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      readonly protocol: string;
      readonly alpn: string | undefined;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

const timeoutMs = 10_000;
const dayMs = 86_400_000;
const soonDays = 14;

/** One handshake, as a tunnel makes it, that goes on whatever the certificate is. */
export function shakeHands(server: ServerAddress, trust: SecureContext | undefined): Promise<TlsFacts> {
  const { host, port } = server;
  return new Promise((resolve) => {
    const settle = (facts: TlsFacts): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(facts);
    };
    const fail = (code: string, reason: string): void => settle({ kind: 'failed', code, reason });
    const socket = connect({
      host,
      port,
      lookup,
      ALPNProtocols: ['ssh'],
      rejectUnauthorized: false,
      ...(trust === undefined ? {} : { secureContext: trust }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const timer = setTimeout(() => fail('ETIMEDOUT', 'the handshake was not finished'), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? '', error.message));
    socket.once('close', () => fail('ECONNRESET', 'the connection was closed'));
    socket.once('secureConnect', () => settle(factsOf(socket)));
  });
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const { authorizationError } = socket as { authorizationError?: unknown };
  return {
    kind: 'shaken',
    problem: socket.authorized ? undefined : errorCode(authorizationError),
    names: oneLine(certificate.subjectaltname ?? ''),
    issuer: oneLine([certificate.issuer?.CN, certificate.issuer?.O].filter(Boolean).join(', ')),
    notBeforeMs: Date.parse(certificate.valid_from ?? ''),
    notAfterMs: Date.parse(certificate.valid_to ?? ''),
    protocol: socket.getProtocol() ?? '',
    alpn: socket.alpnProtocol === false ? undefined : (socket.alpnProtocol ?? undefined),
  };
}

/** The types say an error; it is its code, or the error where it has none. */
function errorCode(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}

export interface TlsCircumstances {
  readonly server: ServerAddress;
  readonly nowMs: number;
  /** `--ca` as given. */
  readonly caFile: string | undefined;
}

export function judgeTls(facts: TlsFacts, around: TlsCircumstances): Verdict {
  if (facts.kind === 'failed') return judgeFailure(facts, around.server);
  if (facts.problem !== undefined) return judgeCertificate(facts, facts.problem, around);
  const daysLeft = Math.floor((facts.notAfterMs - around.nowMs) / dayMs);
  const told = `${facts.protocol}, a trusted certificate for ${around.server.host} until ${date(facts.notAfterMs)}`;
  if (facts.alpn !== 'ssh')
    return warning(
      `${told}; ALPN was not answered`,
      'what ends TLS there does not know SSH by its name: it may not be the gateway itself',
    );
  if (daysLeft < soonDays)
    return warning(`${told}: ${daysLeft} days`, 'renew it at the gateway (tls-cert and tls-key)');
  return fine(told);
}

function judgeFailure(
  { code, reason }: TlsFacts & { kind: 'failed' },
  { host, port }: ServerAddress,
): Verdict {
  const where = formatHostPort(host, port);
  switch (code) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return failed(
        `${where} does not speak TLS`,
        `check the port in --server; for a bare SSH port write --server ssh://${where}`,
      );
    case 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL':
      return failed(
        `${where} speaks TLS, but no SSH in it (ALPN ssh)`,
        'that is no Porthole gateway, or something in front of it ends TLS: let it pass TLS through, or use a port of ' +
          '--ssh-listen with --server ssh://',
      );
    case 'ETIMEDOUT':
      return failed(
        `${where} does not finish the TLS handshake`,
        'check that portholed listens there, and nothing else',
      );
    default:
      return failed(
        `the TLS handshake with ${where} failed: ${oneLine(reason)} (${oneLine(code)})`,
        'a proxy or firewall in between may tamper with TLS; compare with another network',
      );
  }
}

function judgeCertificate(
  facts: TlsFacts & { kind: 'shaken' },
  problem: string,
  { server, nowMs, caFile }: TlsCircumstances,
): Verdict {
  switch (problem) {
    case 'CERT_HAS_EXPIRED':
      return failed(
        `the certificate expired on ${date(facts.notAfterMs)}`,
        `renew it at the gateway (tls-cert and tls-key), or set this machine's clock: it says ${date(nowMs)}`,
      );
    case 'CERT_NOT_YET_VALID':
      return failed(
        `the certificate is valid from ${date(facts.notBeforeMs)} on`,
        `set this machine's clock: it says ${date(nowMs)}`,
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(
        `the certificate is for ${facts.names || 'no name'}, not for ${server.host}`,
        'use one of its names in --server, or give the gateway a certificate for this one',
      );
    default:
      return failed(
        `the certificate is not trusted (${oneLine(problem)}); ${facts.issuer || 'nobody known'} issued it`,
        caFile === undefined
          ? "if it is the gateway's own authority, pass its certificate with --ca FILE (PORTHOLE_CA): ca.pem in the state directory of portholed"
          : `${caFile} does not hold the authority that issued it: fetch ca.pem from the state directory of portholed again`,
      );
  }
}

function date(ms: number): string {
  return Number.isNaN(ms)
    ? 'an unknown date'
    : new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';
}
