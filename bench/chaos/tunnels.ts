import { fileURLToPath } from 'node:url';
import type { Child } from '../child.ts';
import { until } from '../patience.ts';
import { ownEnvironment } from '../peers/porthole-gateway.ts';
import { startSshTunnel } from '../peers/ssh-tunnel.ts';
import type { Workspace } from '../workspace.ts';
import type { ChaosGateway } from './gateway.ts';
import { readRecords } from './records.ts';
import type { Trial } from './scenario.ts';

const clientMain = fileURLToPath(new URL('../../client/main.ts', import.meta.url));
const connectLimitMs = 30_000;

export interface BundledClientOptions {
  readonly env: string;
  /** `HOST:PORT` of the app. */
  readonly target: string;
  /** Flags more. */
  readonly flags?: readonly string[];
  /** Instead of the gateway's usual URL. */
  readonly server?: string;
  /** Put before the command, as `nsenter` is. */
  readonly enter?: readonly string[];
}

/** `porthole connect`, which is killed and started again. */
export class BundledClient {
  readonly #workspace: Workspace;
  readonly #command: readonly string[];
  #child: Child;
  #logFile: string;

  constructor(workspace: Workspace, gateway: ChaosGateway, options: BundledClientOptions) {
    const { env, target, flags = [], server = gateway.serverUrl, enter = [] } = options;
    this.#workspace = workspace;
    const trust = server.startsWith('https:')
      ? ['--ca', gateway.front.caFile]
      : ['--host-key', gateway.hostKey];
    this.#command = [
      ...[...enter, process.execPath, clientMain, 'connect', env, target, '--server', server],
      ...[...trust, '--identity', gateway.identityFile, '--json', ...flags],
    ];
    ({ child: this.#child, logFile: this.#logFile } = this.#spawn());
  }

  get child(): Child {
    return this.#child;
  }

  /** Kills it as nobody can refuse, and starts it again at once. */
  async killAndStart(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exited;
    ({ child: this.#child, logFile: this.#logFile } = this.#spawn());
  }

  /** How often this process has connected so far. */
  get connections(): number {
    return this.#events().filter(({ event }) => event === 'connected').length;
  }

  /** The boot time at which its newest process first said that its forward is open. */
  async untilConnected(): Promise<void> {
    const isOpen = (): boolean => {
      if (!this.#child.running) throw new Error(`porthole connect ended: ${this.#child.lastWords}`);
      return this.connections > 0;
    };
    await until('porthole connect is connected', isOpen, connectLimitMs);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  #events(): { readonly event: string }[] {
    return readRecords(this.#logFile);
  }

  #spawn(): { child: Child; logFile: string } {
    const [file = '', ...args] = this.#command;
    const logFile = this.#workspace.path(this.#workspace.uniqueName('client') + '.log');
    const env = ownEnvironment(this.#workspace);
    return { child: this.#workspace.processes.start(file, args, { env, logFile }), logFile };
  }
}

/** Stock `ssh -R` in a restart loop, as a script or systemd runs it. */
export class StockSshLoop {
  readonly #start: () => Child;
  readonly #pauseMs: number;
  #child: Child;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** How often it was started again. */
  restarts = 0;

  constructor(
    { workspace, scope }: Pick<Trial, 'workspace' | 'scope'>,
    gateway: ChaosGateway,
    { env, target, pauseMs }: { env: string; target: string; pauseMs: number },
  ) {
    scope.teardown(() => this.stop());
    const { identityFile, front } = gateway;
    this.#pauseMs = pauseMs;
    this.#start = () =>
      startSshTunnel(workspace, { port: front.port, user: env, identityFile, forward: `80:${target}` });
    this.#child = this.#run();
  }

  get child(): Child {
    return this.#child;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#child.stop();
  }

  #run(): Child {
    const child = this.#start();
    void child.exited.then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.#again(), this.#pauseMs);
    });
    return child;
  }

  #again(): void {
    this.restarts += 1;
    this.#child = this.#run();
  }
}
