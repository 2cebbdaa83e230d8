/** On the login origin: who is logged in, and what was opened without an account. */
export const loginCookieName = '__Host-porthole_login';
/** On each host of a preview: the pass for it. */
export const hostCookieName = '__Host-porthole_session';
/** The same for a page in a frame of another site, in that site's own partition. */
export const embedCookieName = '__Host-porthole_embed';
/** What a hand-over must come back to. */
export const stateCookieName = '__Host-porthole_state';
export const embedStateCookieName = '__Host-porthole_state_embed';
/** On each host of a preview whose name has changed hands: what former owners left in the browser is gone. */
export const handsCookieName = '__Host-porthole_hands';

/** No other host can set or shadow it, by its prefix (RFC 6265bis, 4.1.3.2); pages cannot read it. */
export function ownCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=Lax`;
}

/** Kept apart by the site of the page around the frame (CHIPS). */
export function partitionedCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=None; Partitioned`;
}
