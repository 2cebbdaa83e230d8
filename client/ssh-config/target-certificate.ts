import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoteWord } from '../../core/command-words.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { parseCertificateLine } from '../../core/ssh-certificate.ts';
import type { SshConfigTarget } from '../../core/ssh-config-facts.ts';
import type { SshCertificate } from '../../core/ssh-config-options.ts';
import { writeCertificate } from '../certificate-file.ts';
import type { SshConnection } from '../connection.ts';
import { runGatewayCommandIn } from '../gateway-command.ts';

/** One that is over before ssh has shown it helps nobody. */
const leastLeftSeconds = 60n;

/** Where the certificate of a user on a machine is kept. */
export function certificatePath(folder: string, target: string, osUser: string): string {
  return join(folder, `${target}-${osUser}-cert.pub`);
}

/** Asks for a certificate for the key of this login, and writes it. Gives what went wrong, in one line. */
export async function fetchCertificate(
  connection: SshConnection,
  { target, osUser, file }: { readonly target: string; readonly osUser: string; readonly file: string },
): Promise<Parsed<undefined>> {
  const line = ['target', 'cert', `--os-user=${osUser}`, '--', target].map(quoteWord).join(' ');
  const { outcome, lines } = await runGatewayCommandIn(connection, {
    name: 'target cert',
    line,
    stdin: undefined,
  });
  if (outcome.kind !== 'ok') return problem(outcome.reason);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    return problem((error as Error).message);
  }
  return writeCertificate(file, lines.join('\n'));
}

/** Whether the certificate in the file is good for a while yet. */
export function isFresh(file: string, nowMs: number): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return false;
  }
  const parsed = parseCertificateLine(text);
  return parsed.ok && parsed.value.validBefore > BigInt(Math.floor(nowMs / 1000)) + leastLeftSeconds;
}

export interface Refreshing {
  /** Where the certificates are kept. */
  readonly folder: string;
  /** Whom ssh logs in as where nothing else is said. */
  readonly localUser: string;
  /** The words that reach the gateway, as of this command line. */
  readonly reaching: readonly string[];
}

/** The certificates that ssh gets for itself, each time: for whoever one usually is there, and for those that the machine names. */
export function refreshedCertificates({
  folder,
  localUser,
  reaching,
}: Refreshing): (target: SshConfigTarget, osUser: string | undefined) => readonly SshCertificate[] {
  return ({ id, osUsers }, osUser = localUser) =>
    [...new Set([osUser, ...osUsers])].map((user) => {
      const file = certificatePath(folder, id, user);
      const words = ['ssh-config', id, '--os-user', user, '--refresh-certificate', file, ...reaching];
      // A porthole.toml in the folder where ssh is started has no say in it.
      const command = `cd / && ${[...ownWords(), ...words].map(quoteWord).join(' ')}`;
      return { file, refreshed: { osUser: user, command } };
    });
}

/** What starts this program, wherever ssh is started from. */
function ownWords(): readonly string[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return [process.execPath, fileURLToPath(new URL(`../main.${extension}`, import.meta.url))];
}
