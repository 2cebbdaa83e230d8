/** A value, or what is wrong in words that its author can act on. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string };

/** The outcome of a parser that failed. */
export function problem(text: string): { ok: false; problem: string } {
  return { ok: false, problem: text };
}
