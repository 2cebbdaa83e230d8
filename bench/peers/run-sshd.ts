import { mkdirSync } from 'node:fs';

/** The directory that is compiled into sshd, wanted when root runs it, and made by Debian's service only when that starts. */
export function makeRunDirectory(): void {
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
}
