/** Milliseconds since the machine started: one clock for all processes of a run, which nobody sets. */
export function bootMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
