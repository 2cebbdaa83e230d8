import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { JumpTeam, over, type MachineOfTeam, type Name, type TeamMachine } from './jump.ts';
import { porthole, portholeEnv, portholeWords, reaching } from './porthole.ts';
import type { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import type { Told } from './admin-by-ssh.ts';
import type { SshKey } from './ssh-keys.ts';
import type { PortholedOptions } from './portholed.ts';

export { over };

/** A machine that has told who it is. */
export interface KnownMachine extends TeamMachine {
  readonly id: string;
}

/** The people and machines around a gateway, with the bundled client. */
export class ConfigTeam {
  readonly team: JumpTeam;
  readonly #t: TestScope;

  static async start(
    t: TestScope,
    args: readonly string[] = [],
    options: PortholedOptions = {},
  ): Promise<ConfigTeam> {
    return new ConfigTeam(t, await JumpTeam.start(t, args, options));
  }

  constructor(t: TestScope, team: JumpTeam) {
    this.#t = t;
    this.team = team;
  }

  /** Dials out by stock ssh, and reports its host keys as stock ssh does. Its user is who runs the test. */
  async machine(
    options: MachineOfTeam & { readonly report?: readonly string[] } = {},
  ): Promise<KnownMachine> {
    const made = await this.team.machine(options);
    const id = await this.report(made, options.report);
    return { ...made, id };
  }

  async report(
    { env, machine }: TeamMachine,
    words: readonly string[] = [],
    hostKeys: readonly SshKey[] = machine.hostKeys,
  ): Promise<string> {
    const keys = hostKeys.map(({ line }) => `${line}\n`).join('');
    const args = ['-F', this.team.config('vm'), '-l', env, 'gw', 'target', 'report', '--json'];
    const user = words.includes('--os-user') ? [] : ['--os-user', machine.user];
    const told = this.team.program('ssh', [...args, ...user, ...words]);
    told.write(keys);
    const { code, stdout, stderr } = await over(told);
    if (code !== 0) throw new Error(`target report: ${stderr}${stdout}`);
    const answer = JSON.parse(stdout) as { readonly target?: { readonly id?: string }; readonly id?: string };
    const id = answer.target?.id ?? answer.id;
    if (id === undefined) throw new Error(`target report: ${stdout}`);
    return id;
  }

  /** A home with the key of somebody as `~/.ssh/id_ed25519`. */
  home(who: Name, name = 'home'): string {
    const home = join(scratchDir(this.#t), name);
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const { path } = this.team.keys[who];
    cpSync(path, join(home, '.ssh', 'id_ed25519'));
    cpSync(`${path}.pub`, join(home, '.ssh', 'id_ed25519.pub'));
    return home;
  }

  /** A home without any key. */
  emptyHome(): string {
    return scratchDir(this.#t);
  }

  /** The words that reach the gateway. */
  get reaching(): string[] {
    return reaching(this.team.gateway);
  }

  /** The words and the surroundings of the bundled client, for whoever starts it by something else. */
  portholeWords(args: readonly string[]): {
    readonly words: readonly string[];
    readonly env: (home: string) => NodeJS.ProcessEnv;
  } {
    return { words: portholeWords(...args), env: (home) => portholeEnv(home) };
  }

  porthole(home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    return porthole(this.#t, [...args], { home, env });
  }

  /** The bundled client to its end, as somebody at that home. */
  async ran(home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Told> {
    return over(this.porthole(home, args, env));
  }

  /** Stock ssh and the like, with nobody's agent and no terminal to ask at. */
  stock(file: string, args: readonly string[]): Promise<Told> {
    return over(this.team.program(file, args));
  }

  write(name: string, text: string): string {
    const path = join(scratchDir(this.#t), name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /**
   * A machine whose sshd takes no keys, but the certificates that the gateway signs for it, in the way that `porthole agent setup` has it.
   */
  async certifiedMachine(env: string, id: string): Promise<KnownMachine> {
    const authority = (await this.team.command('ana', ['gate', 'ca'])).stdout;
    const { username } = userInfo();
    const made = await this.machine({
      env,
      clients: [],
      config: [
        `TrustedUserCAKeys ${this.write('ca.pub', authority)}`,
        `AuthorizedPrincipalsFile ${this.write('principals', `vm:${id}/${username}\n`)}`,
      ],
      report: ['--id', id, '--certificates'],
    });
    return made;
  }
}
