import { isOwnCookie } from '../access/strip.ts';

/**
 * A `Set-Cookie` of an environment as its visitor may have it: never one of the gateway's, and never with a `Domain` above
 * the preview's host, where it would be sent to every other environment. Undefined when it must not be set.
 */
export function narrowCookie(
  value: string,
  context: { readonly hostname: string; readonly upstreamHostname: string | undefined },
): string | undefined {
  if (isOwnCookie(value)) return undefined;
  if (!/;\s*domain\s*=/i.test(value)) return value;
  return value
    .split(';')
    .filter((attribute, index) => index === 0 || !reachesBeyond(attribute, context))
    .join(';');
}

function reachesBeyond(
  attribute: string,
  { hostname, upstreamHostname }: { hostname: string; upstreamHostname: string | undefined },
): boolean {
  const [, value] = /^\s*domain\s*=(.*)$/is.exec(attribute) ?? [];
  if (value === undefined) return false;
  const domain = value
    .trim()
    .replace(/^"?\.*|\.*"?$/g, '')
    .toLowerCase();
  // Browsers read it as they read a URL's host: `%70review.test` is `preview.test` to them, and so are letters that look alike.
  if (!/^[a-z0-9._-]+$/.test(domain)) return true;
  return domain === upstreamHostname || hostname.endsWith(`.${domain}`);
}
