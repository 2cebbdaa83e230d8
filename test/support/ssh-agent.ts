import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Program } from './program.ts';
import type { TestScope } from './scope.ts';
import { scratchDir } from './scratch-dir.ts';

/** The real `ssh-agent`. */
export interface SshAgent {
  /** For `SSH_AUTH_SOCK`. */
  readonly socket: string;
  /** Adds a private key, and the certificate beside it. */
  add(path: string): void;
  /** Forgets everything. */
  clear(): void;
}

export async function startSshAgent(t: TestScope): Promise<SshAgent> {
  const socket = join(scratchDir(t), 'agent');
  const agent = new Program(t, 'ssh-agent', ['-D', '-a', socket]);
  // It says so when it listens; the socket's file is there a little earlier.
  await agent.said(/Agent pid/);
  const sshAdd = (word: string): void => {
    execFileSync('ssh-add', ['-q', word], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
  };
  return { socket, add: sshAdd, clear: () => sshAdd('-D') };
}
