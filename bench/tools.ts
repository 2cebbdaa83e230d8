import { accessSync, constants, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Processes } from './processes.ts';

/** The programs that the benchmark uses, with the Debian package that brings each. */
export const debianPackages = {
  nginx: 'nginx',
  wrk: 'wrk',
  ssh: 'openssh-client',
  scp: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  openssl: 'openssl',
} as const;

export type Tool = keyof typeof debianPackages;
const toolNames = Object.keys(debianPackages) as Tool[];

/** Where each installed program is: sshd wants its whole path, and daemons are often outside of a user's PATH. */
export type Tools = Readonly<Partial<Record<Tool, string>>>;

const directories = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
  '/sbin',
].filter((directory) => directory !== '');

function find(tool: Tool): string | undefined {
  return directories.map((directory) => join(directory, tool)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function findTools(): Tools {
  return Object.fromEntries(
    toolNames.flatMap((tool) => {
      const path = find(tool);
      return path === undefined ? [] : [[tool, path]];
    }),
  );
}

/** The path of a program that an earlier look found. */
export function pathOf(tools: Tools, tool: Tool): string {
  const path = tools[tool];
  if (path === undefined)
    throw new Error(`${tool} is not installed (apt-get install ${debianPackages[tool]})`);
  return path;
}

/** How each program is asked for its version; wrk answers with exit code 1, ssh and nginx on stderr. */
const versionQuestions: Readonly<Partial<Record<Tool, readonly string[]>>> = {
  nginx: ['-v'],
  wrk: ['-v'],
  ssh: ['-V'],
  openssl: ['version'],
};

function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return String(JSON.parse(readFileSync(file, 'utf8')).version);
}

/** What the figures of a run were measured with. */
export async function versions(processes: Processes, tools: Tools): Promise<Record<string, string>> {
  const found: Record<string, string> = { porthole: ownVersion(), node: process.version };
  for (const [tool, args] of Object.entries(versionQuestions)) {
    const path = tools[tool as Tool];
    if (path === undefined) continue;
    const child = processes.start(path, args);
    await child.exited;
    found[tool] = child.lastWords.split('\n')[0]!.trim();
  }
  return found;
}

/** The machine that a run was measured on. */
export function machine(): Record<string, string | number> {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGB: Math.round(totalmem() / 1e9),
    kernel: `${process.platform} ${release()} ${process.arch}`,
  };
}
