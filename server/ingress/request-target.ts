import type { RawRequest } from './request-head.ts';

/** What a request is for: one host, and a path in the origin form, or `*`. */
export interface Target {
  readonly host: string;
  readonly path: string;
}

/**
 * The host and the path of a request, from its target, HTTP/2's `:authority` and the `Host` header (empty if there is
 * none), which must not contradict each other; or what is wrong with them.
 */
export function readTarget(raw: RawRequest, hostHeader: string): Target | string {
  const { target, authority, method } = raw;
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) {
    return agree(hostHeader, authority, target);
  }
  // The absolute form (RFC 9112, 3.2.2).
  const [, inTarget, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (inTarget === undefined || rest === undefined || raw.version === '2') {
    return 'The address of the request has no valid form.';
  }
  return agree(hostHeader, inTarget, rest.startsWith('/') ? rest : `/${rest}`);
}

function agree(hostHeader: string, authority: string | undefined, path: string): Target | string {
  if (authority !== undefined && hostHeader !== '' && hostHeader.toLowerCase() !== authority.toLowerCase()) {
    return 'The address of the request names another host than the Host header.';
  }
  const host = authority ?? hostHeader;
  return host === '' ? 'There is no Host header.' : { host, path };
}
