import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { dial } from '../support/dial.ts';
import type { JumpTeam } from '../support/jump.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { listenAsInetd } from './inetd.ts';

export interface RegressResult {
  readonly name: string;
  readonly problem: string | undefined;
  /** What ssh was started for in it, and what the gateway tells of the same. */
  readonly sessions: number;
  readonly seen: SeenByGate;
  readonly seconds: number;
  readonly output: string;
}

export interface SeenByGate {
  readonly sessions: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

const nothingSeen: SeenByGate = { sessions: 0, bytesUp: 0, bytesDown: 0 };

/** One of OpenSSH's regression tests, in a directory, an environment and a tunnel of its own. */
export class RegressTest {
  readonly name: string;
  readonly env: string;
  readonly #t: TestScope;
  readonly #team: JumpTeam;
  readonly #source: string;
  readonly #dir: string;

  constructor(t: TestScope, team: JumpTeam, { name, source }: { name: string; source: string }) {
    this.name = name;
    this.env = `pr-${name}`;
    this.#t = t;
    this.#team = team;
    this.#source = source;
    this.#dir = scratchDir(t);
  }

  async run(): Promise<RegressResult> {
    const startedAt = performance.now();
    await this.#dialOut();
    const ssh = this.#sshThroughGate();
    // A slip in broken-pipe.sh has it read a file that nothing makes.
    symlinkSync('ssh_proxy', join(this.#dir, 'ssh_config_config'));
    const code = await this.#runScript(ssh);
    const sessions = this.#startedSessions();
    const seen = await this.#seen(sessions);
    return {
      name: this.name,
      problem: problemOf({ code, sessions, seen }),
      sessions,
      seen,
      seconds: (performance.now() - startedAt) / 1000,
      output: this.#output(),
    };
  }

  /** The test changes the configuration of its sshd between two sessions, so that each connection gets one that reads it anew. */
  async #dialOut(): Promise<void> {
    const sshd = ['/usr/sbin/sshd', '-i', '-f', join(this.#dir, 'sshd_proxy')];
    const log = join(this.#dir, 'sshd.log');
    const port = await listenAsInetd(this.#t, 'sh', [this.#in('sshd-log-wrapper.sh'), log, ...sshd]);
    const { gateway, keys } = this.#team;
    await dial(this.#t, gateway, {
      key: keys.vm,
      user: this.env,
      forwards: [`ssh:22:127.0.0.1:${String(port)}`],
    });
  }

  /** What the test takes for ssh. An option of the command line counts before the one that the test wrote into its file. */
  #sshThroughGate(): string {
    const path = join(this.#dir, 'ssh-through-gate');
    const proxy = `ssh -F ${this.#team.config('ana')} -W ${this.env}:22 gw`;
    const lines = [
      '#!/bin/sh',
      'for word in "$@"; do',
      '  if [ "$word" = -Q ]; then exec /usr/bin/ssh "$@"; fi',
      'done',
      `echo session >> ${this.#sessionsFile}`,
      `exec /usr/bin/ssh -o 'ProxyCommand=${proxy}' "$@"`,
    ];
    writeFileSync(path, `${lines.join('\n')}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  async #runScript(ssh: string): Promise<number | null> {
    // As Debian's own runner does it: there is always more to read.
    const [input, output] = [openSync('/dev/zero', 'r'), openSync(this.#outputFile, 'a')];
    const words = [this.#in('test-exec.sh'), this.#dir, this.#in(`${this.name}.sh`)];
    const child = spawn('sh', words, {
      stdio: [input, output, output],
      cwd: this.#dir,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        BUILDDIR: this.#source,
        TEST_SHELL: 'sh',
        TEST_SSH_SSH: ssh,
        TEST_SSH_SSHD: '/usr/sbin/sshd',
        TEST_SSH_SFTPSERVER: '/usr/lib/openssh/sftp-server',
        TEST_SSH_UNSAFE_PERMISSIONS: '1',
      },
    });
    for (const file of [input, output]) closeSync(file);
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  }

  #startedSessions(): number {
    return existsSync(this.#sessionsFile)
      ? readFileSync(this.#sessionsFile, 'utf8').split('\n').length - 1
      : 0;
  }

  /** Sessions are noted when they are over, which may be a moment after the test has ended. */
  async #seen(sessions: number): Promise<SeenByGate> {
    let seen = nothingSeen;
    for (let tries = 0; tries < 20; tries++) {
      seen = await this.#closedSessions();
      if (seen.sessions >= sessions) break;
    }
    return seen;
  }

  async #closedSessions(): Promise<SeenByGate> {
    const words = ['audit', '--action', 'gate.close', '--limit', '1000'];
    const entries = (await this.#team.told('root', words)) as readonly AuditLine[];
    return entries
      .filter(({ target, detail }) => target === this.env || detail?.env === this.env)
      .reduce(
        (sum, { detail }) => ({
          sessions: sum.sessions + 1,
          bytesUp: sum.bytesUp + Number(detail?.bytesUp),
          bytesDown: sum.bytesDown + Number(detail?.bytesDown),
        }),
        nothingSeen,
      );
  }

  #output(): string {
    const logs = ['regress.log', 'failed-regress.log', 'failed-ssh.log', 'failed-sshd.log'];
    return [this.#outputFile, ...logs.map((name) => join(this.#dir, name))]
      .filter((path) => existsSync(path))
      .map((path) => `--- ${path}\n${readFileSync(path, 'utf8').slice(-20_000)}`)
      .join('\n');
  }

  get #outputFile(): string {
    return join(this.#dir, 'output');
  }

  get #sessionsFile(): string {
    return join(this.#dir, 'sessions');
  }

  #in(file: string): string {
    return join(this.#source, file);
  }
}

interface AuditLine {
  readonly target?: string;
  readonly detail?: { readonly env?: string; readonly bytesUp?: number; readonly bytesDown?: number };
}

function problemOf(told: { code: number | null; sessions: number; seen: SeenByGate }): string | undefined {
  const { code, sessions, seen } = told;
  if (code !== 0) return `ended with ${String(code)}`;
  if (sessions === 0) return 'had no session';
  if (seen.sessions !== sessions)
    return `${String(seen.sessions)} sessions of ${String(sessions)} went through the gate`;
  if (seen.bytesUp === 0 || seen.bytesDown === 0) return 'no bytes went through the gate';
  return undefined;
}
