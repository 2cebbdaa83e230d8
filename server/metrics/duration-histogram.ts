import type { Histogram } from 'prom-client';

/**
 * A histogram of durations for prom-client's registry. prom-client's own allocates several objects for each observation,
 * which is too much for something that happens at every request.
 */
export class DurationHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #boundsMs: readonly number[];
  /** How many fell into each bucket; the last is for what is over all bounds. */
  readonly #counts: Float64Array;
  #sumMs = 0;

  constructor({ name, help, boundsMs }: { name: string; help: string; boundsMs: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.#boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  observe(ms: number): void {
    const bounds = this.#boundsMs;
    let bucket = 0;
    while (bucket < bounds.length && ms > (bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sumMs += ms;
  }

  /** For the registry: the buckets, each with all below it, as the exposition format has them. */
  get(): Promise<object> {
    let total = 0;
    const buckets = [...this.#counts].map((count, bucket) => {
      total += count;
      const boundMs = this.#boundsMs[bucket];
      const le = boundMs === undefined ? '+Inf' : String(boundMs / 1000);
      return { metricName: `${this.name}_bucket`, labels: { le }, value: total };
    });
    const values = [
      ...buckets,
      { metricName: `${this.name}_sum`, labels: {}, value: this.#sumMs / 1000 },
      { metricName: `${this.name}_count`, labels: {}, value: total },
    ];
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, aggregator: 'sum', values });
  }

  /** What `Registry.registerMetric` takes: of a metric it needs no more than a name and `get()`. */
  asMetric(): Histogram {
    return this as unknown as Histogram;
  }
}
