/** The gateway's own host, or `admin-domain`: who is asked for a host of an environment logs in here, and is sent back. */
export const loginPath = '/_porthole/login';
/** The hosts of environments: takes the one-time code that the login pages gave, and sets the cookie of that host. */
export const sessionPath = '/_porthole/session';
