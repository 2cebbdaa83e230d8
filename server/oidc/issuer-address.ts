/** What is wrong with the address of an issuer; undefined for a good one (OpenID Connect Discovery 1.0, section 3). */
export function issuerProblem(issuer: string): string | undefined {
  if (issuer === '')
    return 'is needed: the iss of the tokens, such as https://token.actions.githubusercontent.com';
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined) return 'is not a URL such as https://token.actions.githubusercontent.com';
  if (!isFetchable(url))
    return 'must be https (http is only for an issuer on this machine: 127.0.0.1, [::1], localhost)';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'is a URL without user, query and fragment';
  return undefined;
}

/** Whether what comes from there can be believed: by TLS, or from this machine itself. */
export function isFetchable(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
