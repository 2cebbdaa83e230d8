import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { RunProgram } from './run-program.ts';

/** How an sshd is told that its configuration has changed. */
export type ReloadWay =
  /** By systemd, where that runs it; else as below, by the file that sshd's own configuration names. */
  | { readonly kind: 'service'; readonly isSystemd?: () => boolean }
  | { readonly kind: 'pid-file'; readonly path: string | undefined }
  | { readonly kind: 'none' };

export type Reloaded =
  | { readonly kind: 'reloaded'; readonly how: string }
  /** Whatever starts it next reads the new configuration. */
  | { readonly kind: 'not-running' }
  | { readonly kind: 'not-wanted' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface ReloadParts {
  readonly run: RunProgram;
  /** What sshd's configuration says of itself. */
  readonly pidFile: string | undefined;
  /** The program, as processes show it. */
  readonly program: string;
  readonly signal?: (pid: number) => void;
}

/** The unit is `ssh` on Debian and Ubuntu, and `sshd` elsewhere. */
const units = ['ssh.service', 'sshd.service'];

/** Has sshd read its configuration again. Sessions go on. */
export async function reloadSshd(way: ReloadWay, parts: ReloadParts): Promise<Reloaded> {
  if (way.kind === 'none') return { kind: 'not-wanted' };
  if (way.kind === 'pid-file') return hangUp(way.path ?? parts.pidFile, parts);
  const { run } = parts;
  const { isSystemd = () => existsSync('/run/systemd/system') } = way;
  if (!isSystemd()) return hangUp(parts.pidFile, parts);
  for (const unit of units) {
    if ((await run('systemctl', ['is-active', '--quiet', unit])).code !== 0) continue;
    const { code, stderr } = await run('systemctl', ['reload', unit]);
    if (code === 0) return { kind: 'reloaded', how: `systemctl reload ${unit}` };
    return { kind: 'failed', reason: `systemctl reload ${unit}: ${stderr.trim() || 'it failed'}` };
  }
  return hangUp(parts.pidFile, parts);
}

function hangUp(
  pidFile: string | undefined,
  { program, signal = (pid) => process.kill(pid, 'SIGHUP') }: ReloadParts,
): Reloaded {
  if (pidFile === undefined || pidFile === 'none')
    return {
      kind: 'failed',
      reason: 'sshd writes no pid file: name one with --pid-file, or use --no-reload',
    };
  const pid = pidIn(pidFile);
  if (pid === undefined || commandOf(pid) !== basename(program)) return { kind: 'not-running' };
  try {
    signal(pid);
    return { kind: 'reloaded', how: `SIGHUP to ${String(pid)}` };
  } catch (error) {
    return { kind: 'failed', reason: `process ${String(pid)} takes no SIGHUP: ${(error as Error).message}` };
  }
}

function pidIn(path: string): number | undefined {
  const text = readIfThere(path)?.trim() ?? '';
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/** A pid file may be old, and its number another program's by now. */
function commandOf(pid: number): string | undefined {
  return readIfThere(`/proc/${String(pid)}/comm`)?.trim();
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
