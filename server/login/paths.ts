/** The pages of the login origin, besides `loginPath` itself. */
export const linkPath = '/_porthole/login/link';
export const accountPath = '/_porthole/account';

export function queryOf(pathWithQuery: string): URLSearchParams {
  const start = pathWithQuery.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : pathWithQuery.slice(start + 1));
}
