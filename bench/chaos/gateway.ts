import { fileURLToPath } from 'node:url';
import type { Child } from '../child.ts';
import { liveBytes } from '../live-memory.ts';
import { metricValue } from '../metrics.ts';
import { until } from '../patience.ts';
import { ownEnvironment } from '../peers/porthole-gateway.ts';
import { freePort } from '../ports.ts';
import type { Workspace } from '../workspace.ts';
import { bootMs } from './clock.ts';
import type { Front } from './jobs.ts';
import { readRecords } from './records.ts';

const serverMain = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const startLimitMs = 20_000;
const answerLimitMs = 5000;

/** One line of a gateway's log. */
export interface LogLine {
  readonly msg: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

/** One process of a gateway, with its log. */
export interface Generation {
  readonly child: Child;
  readonly logFile: string;
}

/** A gateway on ports and a state directory of its own, whose process is killed, started again and replaced. */
export class ChaosGateway {
  readonly front: Front;
  readonly identityFile: string;
  readonly #workspace: Workspace;
  readonly #name: string;
  readonly #ports: { readonly metrics: number; readonly inspect: number };
  readonly #flags: readonly string[];
  #generations: Generation[] = [];

  /** Starts it; the flags come on top of what every scenario needs. */
  static async start(workspace: Workspace, flags: readonly string[] = []): Promise<ChaosGateway> {
    const name = workspace.uniqueName('gateway');
    const ports = { metrics: await freePort(), inspect: await freePort() };
    const front = {
      port: await freePort(),
      plainPort: await freePort(),
      caFile: workspace.path(`${name}-state/ca.pem`),
    };
    const identityFile = await workspace.sshKey(`${name}-user`);
    const gateway = new ChaosGateway(workspace, { name, ports, front, identityFile, flags });
    await gateway.startAgain();
    return gateway;
  }

  private constructor(
    workspace: Workspace,
    parts: {
      name: string;
      ports: { metrics: number; inspect: number };
      front: Front;
      identityFile: string;
      flags: readonly string[];
    },
  ) {
    this.#workspace = workspace;
    this.#name = parts.name;
    this.#ports = parts.ports;
    this.#flags = parts.flags;
    this.front = parts.front;
    this.identityFile = parts.identityFile;
  }

  /** For `porthole connect --server`. */
  get serverUrl(): string {
    return `https://localhost:${this.front.port}`;
  }

  /** The newest process. */
  get child(): Child {
    return this.#newest.child;
  }

  /** The fingerprint of its SSH host key. */
  get hostKey(): string {
    return String(this.#lines(this.#newest).find(({ msg }) => msg === 'listening')?.['hostKey']);
  }

  /** Starts a process with these flags more, and waits until it serves. Gives the boot time at which it did. */
  async startAgain(more: readonly string[] = []): Promise<number> {
    const generation = this.#spawn(more);
    this.#generations.push(generation);
    const { child } = generation;
    const listens = (): boolean => {
      if (!child.running) throw new Error(`the gateway ended: ${child.lastWords}`);
      return this.#lines(generation).some(({ msg }) => msg === 'listening');
    };
    await until('the gateway listens', listens, startLimitMs);
    return bootMs();
  }

  /** Starts a process that takes over from the one that runs, and gives the old one, which drains. */
  async replace(): Promise<Child> {
    const old = this.child;
    await this.startAgain(['--replace']);
    return old;
  }

  async kill(): Promise<void> {
    this.child.signal('SIGKILL');
    await this.child.exited;
  }

  /** The log of all processes so far, in the order of their start. */
  log(): LogLine[] {
    return this.#generations.flatMap((generation) => this.#lines(generation));
  }

  async metric(name: string): Promise<number> {
    const signal = AbortSignal.timeout(answerLimitMs);
    const answer = await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`, { signal });
    const value = metricValue(await answer.text(), name);
    if (value === undefined) throw new Error(`the gateway has no metric ${name}`);
    return value;
  }

  /** What it holds once its garbage is collected. */
  liveBytes(): Promise<number> {
    return liveBytes(this.child, this.#ports.inspect);
  }

  get #newest(): Generation {
    return this.#generations.at(-1)!;
  }

  #lines({ logFile }: Generation): LogLine[] {
    return readRecords<LogLine>(logFile);
  }

  #spawn(more: readonly string[]): Generation {
    const { port, plainPort } = this.front;
    const logFile = this.#workspace.path(`${this.#name}-${this.#generations.length}.log`);
    const args = [
      ...[`--inspect-port=127.0.0.1:${this.#ports.inspect}`, serverMain],
      ...['--listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${plainPort}`],
      ...['--metrics-listen', `127.0.0.1:${this.#ports.metrics}`, '--domain', 'localhost'],
      ...['--state-dir', this.#workspace.path(`${this.#name}-state`)],
      ...['--authorized-keys', `${this.identityFile}.pub`, '--access', 'public'],
      ...['--trusted-proxies', '127.0.0.1/32', '--log-format', 'json', ...this.#flags, ...more],
    ];
    const env = ownEnvironment(this.#workspace);
    return { child: this.#workspace.processes.start(process.execPath, args, { env, logFile }), logFile };
  }
}
