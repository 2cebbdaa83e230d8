import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { dial, type Dialled } from './dial.ts';
import { lowPort } from './low-port.ts';
import type { Portholed } from './portholed.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';
import { until } from './until.ts';

export interface SshMachineOptions {
  /** The keys that log in there, as the user who runs the test. */
  readonly clients: readonly SshKey[];
  /** Lines of sshd_config; the first value of a setting counts, and these come first. */
  readonly config?: readonly string[];
  /** Its host keys; an Ed25519 key of its own if not given. */
  readonly hostKeys?: readonly SshKey[];
  /** Where it listens; a free port if not given. */
  readonly port?: number;
}

/** A machine's own SSH server: Debian's `sshd` in a scratch directory, which knows nothing of this machine's configuration and keys. */
export class SshMachine {
  readonly address = '127.0.0.1';
  /** Whom people log in as there. */
  readonly user = userInfo().username;
  /** Its scratch directory, which is also `$HOME` of whoever logs in. */
  readonly dir: string;
  readonly port: number;
  readonly hostKeys: readonly SshKey[];
  readonly child: ChildProcess;
  readonly #logFile: string;

  /** Starts it, and waits until it listens. */
  static async start(t: TestScope, options: SshMachineOptions): Promise<SshMachine> {
    for (;;) {
      const machine = new SshMachine(t, options, options.port ?? (await lowPort()));
      await until('the sshd to listen', () => machine.#isUp || machine.child.exitCode !== null);
      if (machine.#isUp) return machine;
      // Another program may have taken the port since it was looked for.
      const taken = options.port === undefined && machine.log.includes('Address already in use');
      if (!taken) throw new Error(`sshd did not start: ${machine.log}`);
    }
  }

  private constructor(t: TestScope, options: SshMachineOptions, port: number) {
    this.dir = scratchDir(t);
    this.port = port;
    this.hostKeys = options.hostKeys ?? [makeKey(t)];
    this.#logFile = join(this.dir, 'sshd.log');
    this.authorize(options.clients);
    const config = join(this.dir, 'sshd_config');
    writeFileSync(config, [...(options.config ?? []), ...this.#settings(), ''].join('\n'));
    makePrivilegeSeparationDirectory();
    const log = openSync(this.#logFile, 'a');
    // A process group of its own, so that its sessions end with it; and gone even when nobody is left to end it.
    const words = ['--pdeathsig', 'KILL', '/usr/sbin/sshd', '-D', '-e', '-f', config];
    this.child = spawn('setpriv', words, { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    t.teardown(async () => {
      await this.kill();
      if (!t.passing()) t.comment(`sshd of the machine on ${String(port)}:\n${this.log}`);
    });
  }

  /** For `ssh -R`: its SSH server as the service that the gate leads to. */
  get forward(): string {
    return `ssh:22:${this.address}:${String(this.port)}`;
  }

  /** What it logged until now. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Its host keys under a name, as in known_hosts. */
  knownHosts(name: string): string {
    return this.hostKeys.map(({ line }) => `${name} ${line}\n`).join('');
  }

  /** From now on these keys log in there, and no others. */
  authorize(clients: readonly SshKey[]): void {
    writeFileSync(join(this.dir, 'authorized_keys'), clients.map(({ line }) => `${line}\n`).join(''));
  }

  /** Waits until it has logged it. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    await until(`${String(pattern)} in the log of sshd`, () => pattern.test(this.log));
    const found = pattern.exec(this.log);
    if (found === null) throw new Error('unreachable');
    return found;
  }

  /** Gives a signal to it and to its sessions; with SIGSTOP the machine is frozen. */
  signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null)
      return;
    process.kill(-this.child.pid, signal);
  }

  /** It and its sessions are gone at once. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.signal('SIGKILL');
    await exit;
  }

  get #isUp(): boolean {
    return this.log.includes('Server listening on');
  }

  #settings(): string[] {
    return [
      `ListenAddress ${this.address}:${String(this.port)}`,
      ...this.hostKeys.map(({ path }) => `HostKey ${path}`),
      `AuthorizedKeysFile ${join(this.dir, 'authorized_keys')}`,
      `PidFile ${join(this.dir, 'sshd.pid')}`,
      // Nothing of the home of whoever runs the test is read.
      `SetEnv HOME=${this.dir}`,
      'PermitUserRC no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'StrictModes no',
      'UsePAM no',
      'LogLevel VERBOSE',
      'Subsystem sftp internal-sftp',
    ];
  }
}

/**
 * The machine dials out with stock `ssh -R ssh:22:127.0.0.1:PORT`, offering its SSH server and what else is asked for; waits until the
 * forwards are routes.
 */
export function dialOut(
  t: TestScope,
  gateway: Portholed,
  machine: SshMachine,
  { key, env = 'pr-1', forwards = [] }: { key: SshKey; env?: string; forwards?: readonly string[] },
): Promise<Dialled> {
  return dial(t, gateway, { key, user: env, forwards: [machine.forward, ...forwards] });
}

/** Where it is root's, sshd wants this directory, which an installed service makes at its start. */
function makePrivilegeSeparationDirectory(): void {
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
}
