import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 2;
const giveUpMs = 20_000;

/** Waits for a state that nothing announces. Rejects with `what` when it never comes. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + giveUpMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await pause(pollMs);
  }
}
