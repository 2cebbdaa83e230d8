/**
 * What a browser holds for one host, in a sealed cookie: a login, or something that was given out. It opens nothing by itself: what it
 * names is looked up in each request.
 */
export type Pass =
  { readonly kind: 'session'; readonly id: string } | { readonly kind: 'grant'; readonly id: string };

export function samePass(a: Pass, b: Pass): boolean {
  return a.kind === b.kind && a.id === b.id;
}
