import { isOwnCookie } from '../access/strip.ts';

/** Fields that an answer may well have; what is left goes with the next one. */
const maxNames = 100;
const maxNameLength = 128;

/**
 * Any preview's script can set cookies for the whole domain, so many that nothing else can be asked there. No preview is meant to: where there are too many
 * they are taken away, by the names that can be read. Those of a host itself stay: they may be its app's. Names and values in turn.
 */
export function removeTossed(cookies: string, domain: string): string[] {
  const names = cookies
    .split(';')
    .filter((pair) => pair.includes('=') && !isOwnCookie(pair))
    .map((pair) => pair.slice(0, pair.indexOf('=')).trim())
    .filter((name) => name.length <= maxNameLength && /^[!#$%&'*+\-.^_`|~\w]+$/.test(name));
  return [...new Set(names)]
    .slice(0, maxNames)
    .flatMap((name) => ['Set-Cookie', `${name}=; Domain=${domain}; Path=/; Max-Age=0; Secure`]);
}

/** The `Cookie` fields of a request. */
export function cookiesOf(rawHeaders: readonly string[]): string {
  return rawHeaders
    .filter((_text, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'cookie')
    .join(';');
}
