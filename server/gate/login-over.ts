/** During a login one side or the other always has something to say, unless somebody thinks over a password. */
const quietMs = 1000;
const longestMs = 10_000;
/** Keys, their exchange and a few tries to log in are less. */
const mostBytes = 32 * 1024;

export interface LoginWatchOptions {
  readonly quietMs?: number;
  readonly longestMs?: number;
}

/** Calls back once a login through the gate must be over: by its time, by its silence, or by the bytes that are counted here. */
export function loginOver(onOver: () => void, options: LoginWatchOptions = {}): (bytes: number) => void {
  let left = mostBytes;
  const over = (): void => {
    left = 0;
    clearTimeout(quiet);
    clearTimeout(longest);
    onOver();
  };
  const quiet = setTimeout(over, options.quietMs ?? quietMs).unref();
  const longest = setTimeout(over, options.longestMs ?? longestMs).unref();
  return (bytes) => {
    if (left <= 0) return;
    left -= bytes;
    if (left <= 0) over();
    else quiet.refresh();
  };
}
