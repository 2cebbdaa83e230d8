import { isIP } from 'node:net';
import { isName } from './names.ts';
import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';

/** A name of the file's own, in a `Host` line: no pattern, no list, no negation, no option. */
export function isHostAlias(text: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(text) && text.toLowerCase() !== 'localhost';
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

/** A name of a gate: what an SSH user name and a label of a host name both may be. */
export function isGateName(text: string): boolean {
  return isName(text);
}

/** A host name or an address, as `HostName` takes it. */
export function isHostName(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  return text.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?$/.test(text);
}

/** A public key as a known_hosts line has it after the host: `ssh-ed25519 AAAA...`. */
export function isHostKey(text: string): boolean {
  return text.length <= 12_000 && /^[a-z0-9][a-z0-9@.-]{0,63} [A-Za-z0-9+/]{16,}={0,2}$/.test(text);
}

const longestPath = 1024;

/**
 * A path as ssh_config(5) takes it, in double quotes, with `%` doubled. What every version of OpenSSH would not read back as it was is refused:
 * quotes, `${...}`, which no escape keeps from being expanded, and backslashes before what they would escape.
 */
export function configPath(path: string): Parsed<string> {
  const refusal = pathProblem(path);
  return refusal === undefined
    ? { ok: true, value: `"${path.replaceAll('%', '%%')}"` }
    : problem(`the path ${quote(path)} cannot be written in a configuration of ssh: ${refusal}`);
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.length > longestPath) return `it is longer than ${String(longestPath)} characters`;
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return 'it has control characters in it';
  if (path.includes('"')) return 'it has a quote in it';
  if (path.includes('${')) return '${ would be expanded';
  return /\\(?:[\\'"]|$)/.test(path) ? 'it has a backslash where that means something else' : undefined;
}
