import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Told } from './admin-by-ssh.ts';
import { over, type JumpTeam, type MachineOfTeam } from './jump.ts';
import { porthole, reaching } from './porthole.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import type { SshMachine } from './ssh-machine.ts';

/** A machine of a team whose sshd includes a directory, for `porthole agent` to be run on. */
export interface MachineWithAgent {
  readonly env: string;
  readonly machine: SshMachine;
  /** Who it is. */
  readonly targetId: string;
  /** What its sshd includes. */
  readonly included: string;
  /** What `porthole agent` keeps. */
  readonly dir: string;
  readonly sshdConfig: string;
  /** `porthole agent WORDS` there, to its end. */
  readonly agent: (...words: readonly string[]) => Promise<Told>;
}

/**
 * Starts one that no key of the team logs in to, unless `clients` says so. Its files are where nobody but root may write, above too, as sshd wants it of a
 * program that it runs.
 */
export async function machineWithAgent(
  t: TestScope,
  team: JumpTeam,
  { env = 'pr-1', config = [], ...options }: MachineOfTeam = {},
): Promise<MachineWithAgent> {
  const root = mkdtempSync('/run/porthole-test-');
  chmodSync(root, 0o755);
  t.teardown(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const included = join(root, 'sshd_config.d');
  mkdirSync(included);
  // What is said before the Include counts more.
  const { machine } = await team.machine({
    ...options,
    clients: options.clients ?? [],
    env,
    config: [...config, `Include ${included}/*.conf`],
  });
  const dir = join(root, 'porthole');
  const sshdConfig = join(machine.dir, 'sshd_config');
  const places = ['--sshd-config', sshdConfig, '--dir', dir];
  const access = [...reaching(team.gateway), '--identity', team.keys.vm.path];
  const agent = (command = '', ...words: readonly string[]): Promise<Told> =>
    over(porthole(t, ['agent', command, ...words, ...places, ...(command === 'remove' ? [] : access)]));
  return { env, machine, targetId: randomUUID(), included, dir, sshdConfig, agent };
}

/** It tells the gateway who it is, and that it takes certificates for these users. */
export async function reportCertificates(
  team: JumpTeam,
  { env, machine, targetId }: MachineWithAgent,
  words: readonly string[] = [],
): Promise<void> {
  const hostKeys = machine.hostKeys.map(({ line }) => `${line}\n`).join('');
  const config = team.config('vm');
  const report = team.program('ssh', [
    ...['-F', config, `-l`, env, 'gw', 'target', 'report', '--id', targetId, '--certificates', ...words],
  ]);
  report.write(hostKeys);
  const { code, stderr } = await over(report);
  if (code !== 0) throw new Error(`the report ended with ${String(code)}: ${stderr}`);
}

export interface IssuedCertificate {
  readonly certificate: string;
  readonly principal: string;
  readonly expires: string;
}

/** Starts one that takes certificates for root, and that the gateway knows so. */
export async function machineWithCertificates(
  t: TestScope,
  team: JumpTeam,
  env = 'pr-1',
): Promise<MachineWithAgent> {
  const machine = await machineWithAgent(t, team, { env });
  const done = await machine.agent('setup', '--target-id', machine.targetId, '--user', 'root');
  if (done.code !== 0) throw new Error(done.stderr);
  await reportCertificates(team, machine, ['--os-user', 'root']);
  return machine;
}

/** `target cert` as ana. */
export async function issueTo(
  team: JumpTeam,
  env: string,
  ...words: readonly string[]
): Promise<IssuedCertificate> {
  return (await team.told('ana', ['target', 'cert', env, ...words])) as IssuedCertificate;
}

/** Logs in to a machine through the gate, as ana, with that certificate for her key, or with the key alone. */
export function logInThere(
  t: TestScope,
  team: JumpTeam,
  { env, certificate, user = 'root' }: { env: string; certificate?: string; user?: string },
): Promise<Told> {
  const file = join(scratchDir(t), 'cert.pub');
  if (certificate !== undefined) writeFileSync(file, `${certificate}\n`);
  const more = certificate === undefined ? [] : [`Match host ${env}`, `  CertificateFile ${file}`];
  return team.ran('ssh', ['-F', team.config('ana', more), `${user}@${env}`, 'echo', 'let in']);
}
