import type { FetchContext } from './decision.ts';

const bearer = 'Bearer realm="porthole"';
const basic = 'Basic realm="porthole", charset="UTF-8"';

/**
 * The values of `WWW-Authenticate`: what would let a program in. The script of a page is not offered Basic, or its browser would ask its user for a
 * password in a dialog of its own; only who asks for that dialog gets it.
 */
export function challengesFor(
  { secFetchMode, origin }: Pick<FetchContext, 'secFetchMode' | 'origin'>,
  asksForBasic: boolean,
): readonly string[] {
  const isBrowser = secFetchMode !== undefined || origin !== undefined;
  return isBrowser && !asksForBasic ? [bearer] : [bearer, basic];
}
