import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsBySsh, type Told } from './admin-by-ssh.ts';
import type { Dialled } from './dial.ts';
import { Portholed, type PortholedOptions } from './portholed.ts';
import { Program } from './program.ts';
import type { TestScope } from './scope.ts';
import { scratchDir } from './scratch-dir.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';
import { dialOut, SshMachine, type SshMachineOptions } from './ssh-machine.ts';

export type Name = 'root' | 'ana' | 'bob' | 'vm' | 'eve';

/**
 * `root` is the operator. `ana` is the engineer, whose key may use the environments `pr-*`. `bob` is a member too, of other environments.
 * `vm` is what machines dial out with, and `eve` has nothing but a machine's key for environments of her own.
 */
const options: Readonly<Record<Name, string>> = {
  root: 'role="admin"',
  ana: 'role="member",env="pr-*"',
  bob: 'role="member",env="bob-*"',
  vm: 'role="machine",env="pr-*"',
  eve: 'role="machine",env="eve-*"',
};
const names = Object.keys(options) as Name[];

export interface TeamMachine {
  readonly env: string;
  readonly machine: SshMachine;
  /** The stock ssh by which it dials out. */
  readonly dialled: Dialled;
}

export interface MachineOfTeam extends Partial<SshMachineOptions> {
  readonly env?: string;
  /** What it offers besides its SSH server, as after `ssh -R`. */
  readonly forwards?: readonly string[];
}

/** A gateway as its own process, and the people and machines around it, all of whom use stock OpenSSH. */
export class JumpTeam {
  readonly gateway: Portholed;
  readonly keys: Readonly<Record<Name, SshKey>>;
  /** The words that started the gateway, for another one on the same state directory. */
  readonly args: readonly string[];
  readonly #t: TestScope;
  readonly #dir: string;
  readonly #keysFile: string;
  #knownHosts = '';

  /** Starts the gateway, with its metrics. */
  static async start(
    t: TestScope,
    args: readonly string[] = [],
    options: PortholedOptions = {},
  ): Promise<JumpTeam> {
    const keys = { root: makeKey(t), ana: makeKey(t), bob: makeKey(t), vm: makeKey(t), eve: makeKey(t) };
    const dir = scratchDir(t);
    const keysFile = join(dir, 'authorized_keys');
    writeKeys(keysFile, keys, names);
    const words = ['--authorized-keys', keysFile, '--metrics-listen', '127.0.0.1:0', ...args];
    const gateway = await Portholed.start(t, words, options);
    t.teardown(() => {
      if (t.passing()) return;
      t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
    });
    return new JumpTeam(t, { gateway, keys, args: words, dir, keysFile });
  }

  private constructor(
    t: TestScope,
    parts: Pick<JumpTeam, 'gateway' | 'keys' | 'args'> & { dir: string; keysFile: string },
  ) {
    this.#t = t;
    this.gateway = parts.gateway;
    this.keys = parts.keys;
    this.args = parts.args;
    this.#dir = parts.dir;
    this.#keysFile = parts.keysFile;
    this.#knownHosts = `gateway ${readFileSync(join(this.gateway.stateDir, 'ssh_host_ed25519_key.pub'), 'utf8')}`;
  }

  /** A machine with an sshd of its own that everybody's key logs in to, dialled out by stock ssh; known to all by its environment's name. */
  async machine({ env = 'pr-1', forwards = [], ...options }: MachineOfTeam = {}): Promise<TeamMachine> {
    const machine = await SshMachine.start(this.#t, { clients: Object.values(this.keys), ...options });
    const dialled = await this.dialOut(machine, { env, forwards });
    this.trust(env, machine);
    return { env, machine, dialled };
  }

  /** The machine dials out once more, or with something else. */
  dialOut(
    machine: SshMachine,
    { env = 'pr-1', forwards = [] }: { env?: string; forwards?: readonly string[] } = {},
  ): Promise<Dialled> {
    return dialOut(this.#t, this.gateway, machine, { key: this.keys.vm, env, forwards });
  }

  /** The machine's host keys stand in everybody's known_hosts under this name. */
  trust(name: string, machine: SshMachine): void {
    this.#knownHosts += machine.knownHosts(name);
  }

  /**
   * An ssh_config by which stock programs go through the gate as somebody: `gw` is the gateway, `pr-*` and every other name are reached
   * through it. `more` counts before all else.
   */
  config(who: Name, more: readonly string[] = []): string {
    const dir = scratchDir(this.#t);
    const knownHosts = join(dir, 'known_hosts');
    writeFileSync(knownHosts, this.#knownHosts);
    const lines = [
      ...more,
      'Host gw',
      '  HostName 127.0.0.1',
      `  Port ${String(this.gateway.port)}`,
      '  User engineer',
      '  HostKeyAlias gateway',
      '  ProxyJump none',
      'Host *',
      '  ProxyJump gw',
      `  IdentityFile ${this.keys[who].path}`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      `  UserKnownHostsFile ${knownHosts}`,
      '  GlobalKnownHostsFile /dev/null',
      '  UpdateHostKeys no',
      '  StrictHostKeyChecking yes',
      '  BatchMode yes',
      '  ConnectTimeout 30',
    ];
    const file = join(dir, 'config');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** `ssh -F CONFIG ARGS`, as somebody. */
  ssh(who: Name, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    return this.program('ssh', ['-F', this.config(who), ...args], env);
  }

  /** Any other program, with nobody's agent. */
  program(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    return new Program(this.#t, file, args, {
      cwd: this.#dir,
      env: { SSH_AUTH_SOCK: undefined, HOME: this.#dir, TERM: 'xterm', ...env },
    });
  }

  /** The same, to its end, with nothing on its standard input. */
  async ran(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Told> {
    return over(this.program(file, args, env));
  }

  /** `ssh gateway WORDS`. */
  command(who: Name, words: string | readonly string[], input?: string): Promise<Told> {
    return commandsBySsh(this.#t, this.gateway, this.keys[who])(words, input);
  }

  /** The same, whose output is what counts; it must succeed. */
  async told(who: Name, words: readonly string[], input?: string): Promise<unknown> {
    const { code, stdout, stderr } = await this.command(who, [...words, '--json'], input);
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as unknown;
  }

  /** The key admits nobody any more. */
  withdraw(who: Name): void {
    writeKeys(
      this.#keysFile,
      this.keys,
      names.filter((name) => name !== who),
    );
  }
}

/** Waits until a program has ended by itself, with nothing more on its standard input. */
export async function over(program: Program): Promise<Told> {
  program.end();
  const { code } = await program.exit;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

function writeKeys(path: string, keys: JumpTeam['keys'], of: readonly Name[]): void {
  const lines = of.map((name) => `principal="${name}",${options[name]} ${keys[name].line}\n`);
  writeFileSync(path, lines.join(''));
}
