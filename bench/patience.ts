import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes; throws, naming what was waited for, when that takes too long. */
export async function until(
  what: string,
  ask: () => Promise<boolean> | boolean,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain until ${what}`);
    await sleep(50);
  }
}

export interface Settling {
  /** It is settled when it has moved by less than this part of itself... */
  readonly tolerance: number;
  /** ...for this long. */
  readonly quietMs: number;
  /** It is taken as it is after this time. */
  readonly limitMs: number;
}

/** Waits until a reading holds still, and gives it. */
export async function settled(
  read: () => number,
  { tolerance, quietMs, limitMs }: Settling,
): Promise<number> {
  const deadline = performance.now() + limitMs;
  let anchor = read();
  let quietSince = performance.now();
  while (performance.now() - quietSince < quietMs && performance.now() < deadline) {
    await sleep(100);
    const now = read();
    if (Math.abs(now - anchor) <= tolerance * anchor) continue;
    anchor = now;
    quietSince = performance.now();
  }
  return read();
}
