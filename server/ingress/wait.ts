/** What `GET /_porthole/wait` was asked for, or what is wrong with the question. */
export type WaitRequest =
  { readonly ok: true; readonly timeoutMs: number } | { readonly ok: false; readonly problem: string };

/** Everything below is the gateway's own on every host, and never reaches an upstream. */
export const ownPathPrefix = '/_porthole/';
export const waitPath = '/_porthole/wait';

const defaultSeconds = 60;
const maxSeconds = 300;

/** Reads `state=ready&timeout=SECONDS`, both optional. */
export function readWaitRequest(path: string): WaitRequest {
  const start = path.indexOf('?');
  const query = new URLSearchParams(start === -1 ? '' : path.slice(start + 1));
  const states = query.getAll('state');
  if (states.some((state) => state !== 'ready')) return bad('The only state to wait for is ready.');
  const [timeout = String(defaultSeconds), ...more] = query.getAll('timeout');
  const seconds = /^\d{1,3}$/.test(timeout) ? Number(timeout) : 0;
  if (more.length > 0 || seconds < 1 || seconds > maxSeconds) {
    return bad(`The timeout is a number of seconds from 1 to ${maxSeconds}.`);
  }
  return { ok: true, timeoutMs: seconds * 1000 };
}

function bad(problem: string): WaitRequest {
  return { ok: false, problem };
}
