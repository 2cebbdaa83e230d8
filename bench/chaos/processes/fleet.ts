// Many tunnels in one process, each for an environment of its own and from an address of its own:
//   node fleet.ts JOB.json
// Prints READY when all are up. A tunnel that is lost is dialled again with the delays of the bundled client. SIGUSR2 starts the
// steps of the job; the process ends itself, and so all of its tunnels, on SIGTERM.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, stableMs } from '../../../client/reconnect-delays.ts';
import { Backoff } from '../../../core/backoff.ts';
import type { ChurnStep } from '../churn.ts';
import { bootMs } from '../clock.ts';
import { dialTunnel } from '../fleet-tunnel.ts';
import { type FleetJob, type FleetTunnel, readJob } from '../jobs.ts';
import { type FleetEvent, RecordFile } from '../records.ts';

const job = readJob() as FleetJob;
const events = new RecordFile<FleetEvent>(job.out);
const identity = { privateKey: readFileSync(job.identityFile), ca: readFileSync(job.caFile), port: job.port };

const firstDialsAtATime = 16;

/** One tunnel that is kept up from each `connect` to the next `kill`. */
class KeptTunnel {
  readonly #tunnel: FleetTunnel;
  #wanted = new AbortController();

  constructor(tunnel: FleetTunnel) {
    this.#tunnel = tunnel;
  }

  /** Settles when it is up for the first time. */
  connect(): Promise<void> {
    this.#wanted = new AbortController();
    const { signal } = this.#wanted;
    return new Promise((resolve) => void this.#keepUp(signal, resolve));
  }

  /** Without a word to the gateway, as when its process is killed. */
  kill(): void {
    this.#tell('killed');
    this.#wanted.abort();
  }

  async #keepUp(signal: AbortSignal, onUp: () => void): Promise<void> {
    const backoff = new Backoff(backoffMs);
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const sinceMs = bootMs();
      const reason = await this.#live(signal, onUp);
      if (isOver()) return;
      if (bootMs() - sinceMs >= stableMs) backoff.reset();
      this.#tell('lost', reason);
      await sleep(backoff.next());
    }
  }

  /** One life; gives the reason of its end. */
  async #live(signal: AbortSignal, onUp: () => void): Promise<string> {
    try {
      const tunnel = await dialTunnel(identity, this.#tunnel, signal);
      if (!signal.aborted) this.#tell('up');
      onUp();
      return await tunnel.closed;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #tell(kind: FleetEvent['kind'], reason?: string): void {
    events.add({ env: this.#tunnel.env, kind, atMs: bootMs(), ...(reason === undefined ? {} : { reason }) });
  }
}

const kept = new Map(job.tunnels.map((tunnel) => [tunnel.env, new KeptTunnel(tunnel)]));

async function connectAll(): Promise<void> {
  const waiting = [...kept.values()];
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next.connect();
  };
  await Promise.all(Array.from({ length: firstDialsAtATime }, inTurn));
}

function carryOut({ env, kind }: ChurnStep): void {
  const tunnel = kept.get(env);
  if (kind === 'kill') tunnel?.kill();
  else void tunnel?.connect();
}

async function carryOutAll(): Promise<void> {
  const startMs = bootMs();
  for (const step of job.steps) {
    await sleep(Math.max(0, startMs + step.atMs - bootMs()));
    carryOut(step);
  }
}

process.once('SIGUSR2', () => void carryOutAll());
await connectAll();
console.log('READY');
