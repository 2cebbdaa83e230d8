const classes = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export interface RequestCount {
  readonly status: string;
  readonly code: string;
  readonly count: number;
}

/**
 * Counts requests by the class of their status and the gateway's own error code. One look-up and no memory for each; a code
 * that is not in the table counts as `other`.
 */
export class RequestCounts {
  readonly #byCode: ReadonlyMap<string, Float64Array>;
  readonly #other = new Float64Array(classes.length);
  readonly #noCode = new Float64Array(classes.length);

  constructor(codes: readonly string[]) {
    this.#byCode = new Map(codes.map((code) => [code, new Float64Array(classes.length)]));
  }

  add(status: number, code: string | undefined): void {
    const counts = code === undefined ? this.#noCode : (this.#byCode.get(code) ?? this.#other);
    const statusClass = Math.floor(status / 100);
    const index = statusClass >= 1 && statusClass < classes.length ? statusClass : 0;
    counts[index] = (counts[index] as number) + 1;
  }

  /** Those that are not 0, and all classes without a code. */
  *entries(): IterableIterator<RequestCount> {
    yield* present('', this.#noCode, true);
    for (const [code, counts] of this.#byCode) yield* present(code, counts, false);
    yield* present('other', this.#other, false);
  }
}

function* present(code: string, counts: Float64Array, withZeros: boolean): IterableIterator<RequestCount> {
  for (const [index, status] of classes.entries()) {
    const count = counts[index] as number;
    if (withZeros || count > 0) yield { status, code, count };
  }
}
