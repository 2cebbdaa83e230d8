import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseOsUser } from '../../core/os-user.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { parseUuid } from '../ssh-server/machine-id.ts';

/** What this machine's SSH server has been told of the gateway's certificates. */
export interface AgentFacts {
  /** Who the machine is: the UUID that certificates for it name. */
  readonly targetId: string;
  /** The users that they let in; any, if there is none. */
  readonly osUsers: readonly string[];
  /** The longest life of one that it takes; any, if undefined. */
  readonly longestCertificateMs: number | undefined;
  /** The authority that it trusts: `ssh-ed25519 AAAA... comment`. */
  readonly ca: string;
}

/** The same, and where it stands. Paths are absolute. */
export interface AgentRecord extends AgentFacts {
  readonly sshdConfig: string;
  /** The file that the SSH server's configuration includes. */
  readonly dropIn: string;
}

/** Where `porthole agent setup` keeps what it makes, but for the drop-in. */
export const agentDir = '/etc/ssh/porthole';
/** Longer ones are not ours. */
const maxLength = 256 * 1024;

export function agentFactsPath(dir: string): string {
  return join(dir, 'agent.json');
}

/** What `porthole agent setup` has left; undefined when there is nothing of it, or nothing that can be read. Never throws. */
export function readAgentFacts(dir: string = agentDir): AgentRecord | undefined {
  try {
    const text = readFileSync(agentFactsPath(dir), 'utf8');
    return text.length > maxLength ? undefined : recordOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function writtenFacts(record: AgentRecord): string {
  const { targetId, osUsers, longestCertificateMs, ca, sshdConfig, dropIn } = record;
  return `${JSON.stringify({ version: 1, targetId, osUsers, longestCertificateMs, ca, sshdConfig, dropIn }, null, 2)}\n`;
}

function recordOf(value: unknown): AgentRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { targetId, osUsers, longestCertificateMs, ca, sshdConfig, dropIn } = value as Record<
    string,
    unknown
  >;
  const uuid = typeof targetId === 'string' ? parseUuid(targetId) : undefined;
  if (uuid === undefined || !isUserList(osUsers) || !isLife(longestCertificateMs)) return undefined;
  if (typeof ca !== 'string' || !parsePublicKey(ca).ok || !isPath(sshdConfig) || !isPath(dropIn))
    return undefined;
  return { targetId: uuid, osUsers, longestCertificateMs, ca, sshdConfig, dropIn };
}

function isUserList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && parseOsUser(each).ok);
}

function isLife(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) > 0);
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/');
}
