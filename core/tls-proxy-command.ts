import { isIP, isIPv6 } from 'node:net';
import { quoteWord } from './command-words.ts';

export interface TlsProxy {
  readonly host: string;
  readonly port: number;
  /** Trust the certificates in this file; else what openssl trusts. */
  readonly caFile?: string | undefined;
}

/**
 * A `ProxyCommand` for stock ssh that carries SSH inside TLS by way of openssl, with the certificate and its name verified: one line for a POSIX shell,
 * in which ssh expands nothing.
 */
export function tlsProxyCommand({ host, port, caFile }: TlsProxy): string {
  const words = [
    ...['openssl', 's_client', '-quiet', '-verify_quiet', '-verify_return_error', '-alpn', 'ssh'],
    ...(isIP(host) === 0
      ? ['-verify_hostname', host, '-servername', host]
      : ['-verify_ip', host, '-noservername']),
    ...['-connect', isIPv6(host) ? `[${host}]:${String(port)}` : `${host}:${String(port)}`],
    ...(caFile === undefined ? [] : ['-CAfile', caFile]),
  ];
  return words.map(quoteWord).join(' ').replaceAll('%', '%%');
}
