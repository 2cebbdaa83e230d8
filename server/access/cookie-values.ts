import type { Remembered } from '../../core/remembering.ts';

/** Browsers send the same `Cookie` with each request. */
export const rememberedCookies: Remembered = { maxTexts: 2000, maxLength: 4096 };

/** More than one of a name means that somebody tampers, or a partitioned one beside another: a few are looked at. */
const maxCandidates = 4;

/** The values of the cookies of one name in a `Cookie` header (RFC 6265, 4.2), the first few of them; in one pass over it. */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  const found: string[] = [];
  if (header === undefined) return found;
  const wanted = `${name}=`;
  for (let at = header.indexOf(wanted); at !== -1; at = header.indexOf(wanted, at)) {
    const start = at + wanted.length;
    if (beginsCookie(header, at)) {
      const end = header.indexOf(';', start);
      const value = (end === -1 ? header.slice(start) : header.slice(start, end)).trim();
      if (found.push(value) === maxCandidates) return found;
    }
    at = start;
  }
  return found;
}

function beginsCookie(header: string, at: number): boolean {
  let before = at - 1;
  while (header[before] === ' ' || header[before] === '\t') before--;
  return before < 0 || header[before] === ';';
}
