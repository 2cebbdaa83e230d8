/** Where requests to a peer go: what the loads connect to, and the headers that lead them to the origin. */
export interface Endpoint {
  /** Scheme, host and port, without a path. */
  readonly root: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An endpoint on a port of this machine. */
export function localEndpoint(
  scheme: 'http' | 'https',
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Endpoint {
  // A name for TLS, because an address is not allowed as SNI.
  return { root: `${scheme}://${scheme === 'https' ? 'localhost' : '127.0.0.1'}:${port}`, headers };
}

/** The endpoint of a URL. Names below `localhost` are this machine, whether or not the system resolves them. */
export function endpointOf(url: URL): Endpoint {
  if (!url.hostname.endsWith('.localhost')) return { root: url.origin, headers: { Host: url.host } };
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? { http: 80, https: 443 }[scheme] : Number(url.port);
  return localEndpoint(scheme, port, { Host: url.host });
}
