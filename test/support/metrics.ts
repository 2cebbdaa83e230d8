import { setTimeout as pause } from 'node:timers/promises';
import type { Portholed } from './portholed.ts';

const pollMs = 10;

/** One gauge or counter, named with its labels if it has some, as the gateway's metrics endpoint tells it now. */
export async function metric(gateway: Portholed, name: string): Promise<number> {
  const address = gateway.lines.find((line) => line.msg === 'listening')?.['metrics'];
  const text = await (await fetch(`http://${String(address)}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the gateway has no metric ${name}`);
  return Number(line.slice(name.length));
}

/** Waits until the metric has such a value; the test's own timeout bounds it. */
export async function metricBecomes(
  gateway: Portholed,
  name: string,
  fits: (value: number) => boolean,
): Promise<number> {
  for (;;) {
    const value = await metric(gateway, name);
    if (fits(value)) return value;
    await pause(pollMs);
  }
}
