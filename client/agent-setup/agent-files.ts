import { join } from 'node:path';
import { writtenFacts, agentFactsPath, type AgentRecord } from './agent-facts.ts';
import { principalsScript, principalsScriptTokens } from './principals-script.ts';

/** A file that is to be there, whole. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** What is to be written, and what it must lead to. */
export interface AgentPlan {
  /** Without the drop-in, which has its effect. */
  readonly files: readonly PlannedFile[];
  readonly dropIn: PlannedFile;
  /** For `connect --ssh`, and for `agent status` and `remove`. */
  readonly facts: PlannedFile;
  /** The settings of sshd that must be in effect then, as `sshd -T` names them. */
  readonly settings: ReadonlyMap<string, string>;
  /** The program that sshd is to ask, if there is one. */
  readonly script: string | undefined;
}

export interface AgentWish extends AgentRecord {
  readonly dir: string;
  /** Of sshd's `MaxStartups`; left as it is, if undefined. */
  readonly maxStartups: string | undefined;
  /** This sshd penalises sources that log in too often, and everybody comes from this machine itself. */
  readonly exemptsLoopback: boolean;
}

export const publicMode = 0o644;
const programMode = 0o755;

export function principalsDir(dir: string): string {
  return join(dir, 'principals');
}

export function authorityFile(dir: string): string {
  return join(dir, 'machine_ca.pub');
}

export function scriptFile(dir: string): string {
  return join(dir, 'principals-command');
}

/** The files by which an sshd takes the gateway's certificates. Pure. */
export function planAgent(wish: AgentWish): AgentPlan {
  const { dir, targetId, osUsers, longestCertificateMs, ca } = wish;
  const users = osUsers.map((user) => ({
    path: join(principalsDir(dir), user),
    text: `vm:${targetId}/${user}\n`,
    mode: publicMode,
  }));
  // A file alone would let in whatever life a certificate has.
  const isAsked = osUsers.length === 0 || longestCertificateMs !== undefined;
  const usersDir = osUsers.length === 0 ? undefined : principalsDir(dir);
  const script = {
    path: scriptFile(dir),
    text: principalsScript({ targetId, usersDir, longestMs: longestCertificateMs }),
    mode: programMode,
  };
  const settings = settingsOf(dir, isAsked);
  return {
    files: [
      { path: authorityFile(dir), text: `${ca}\n`, mode: publicMode },
      ...users,
      ...(isAsked ? [script] : []),
    ],
    dropIn: { path: wish.dropIn, text: dropInText(settings, wish), mode: publicMode },
    facts: { path: agentFactsPath(dir), text: writtenFacts(wish), mode: publicMode },
    settings: new Map([...settings].map(([name, value]) => [name.toLowerCase(), value])),
    script: isAsked ? script.path : undefined,
  };
}

/** Both ways to name principals are said: what another file says of the one that is not used would let in more. */
function settingsOf(dir: string, isAsked: boolean): ReadonlyMap<string, string> {
  const ways: [string, string][] = isAsked
    ? [
        ['AuthorizedPrincipalsFile', 'none'],
        ['AuthorizedPrincipalsCommand', `${scriptFile(dir)} ${principalsScriptTokens}`],
        ['AuthorizedPrincipalsCommandUser', 'nobody'],
      ]
    : [
        ['AuthorizedPrincipalsFile', join(principalsDir(dir), '%u')],
        ['AuthorizedPrincipalsCommand', 'none'],
      ];
  return new Map([['TrustedUserCAKeys', authorityFile(dir)], ...ways]);
}

const loopback = '127.0.0.0/8,::1/128';

function dropInText(
  settings: ReadonlyMap<string, string>,
  { maxStartups, exemptsLoopback }: Pick<AgentWish, 'maxStartups' | 'exemptsLoopback'>,
): string {
  const lines = [
    '# Written by "porthole agent setup"; "porthole agent remove" takes it away.',
    '# Certificates that the Porthole gateway signs for this machine let in the users that are named for them. Keys work as ever.',
    ...[...settings].map(([name, value]) => `${name} ${value}`),
  ];
  if (maxStartups !== undefined)
    lines.push(
      '# All who come by the gateway come from this machine itself, and many may log in at once.',
      `MaxStartups ${maxStartups}`,
    );
  if (exemptsLoopback) lines.push(`PerSourcePenaltyExemptList ${loopback}`);
  return `${lines.join('\n')}\n`;
}
