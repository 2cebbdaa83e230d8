import { formatDuration } from '../../core/units.ts';
import type { AgentPlan } from './agent-files.ts';
import type { AgentStatus } from './agent-status.ts';
import { printOf } from './ask-gateway.ts';
import type { SetupWish } from './prepare-agent.ts';
import type { Reloaded } from './reload-sshd.ts';
import type { RemoveOutcome } from './remove-agent.ts';
import type { SetupOutcome } from './set-up-agent.ts';

/** Whether the gateway signs with the key that is trusted here. */
export type AskedAuthority = 'the-same' | 'another' | 'unknown' | 'not-asked';

type Done = Extract<SetupOutcome, { kind: 'done' }>;
type Limits = Pick<SetupWish, 'targetId' | 'osUsers' | 'longestCertificateMs' | 'ca'>;

export function setupLines(wish: SetupWish, done: Done, env: string | undefined): string[] {
  return [
    `${done.changed ? 'set up' : 'set up as before'}: ${done.dropIn}`,
    ...limitLines(wish),
    `  sshd        ${reloadWords(done.reloaded)}`,
    ...done.notes.map((note) => `note: ${note}`),
    `next: porthole connect ${env ?? 'ENV'} --ssh tells the gateway; one that runs tells it within minutes`,
  ];
}

export function setupJson(wish: SetupWish, { kind, changed, dropIn, reloaded, notes }: Done): string {
  return JSON.stringify({
    outcome: kind,
    changed,
    dropIn,
    ...limitsJson(wish),
    reloaded: reloaded.kind,
    notes,
  });
}

export function statusLines(status: AgentStatus, authority: AskedAuthority): string[] {
  if (status.kind === 'none') return [];
  const { facts, problem } = status;
  return [
    `${problem === undefined ? 'in effect' : 'NOT in effect'}: ${facts.dropIn}`,
    ...limitLines(facts),
    `  gateway     ${authorityWords[authority]}`,
  ];
}

export function statusJson(status: AgentStatus, authority: AskedAuthority): string {
  if (status.kind === 'none') return JSON.stringify({ setUp: false });
  const { facts, problem } = status;
  const { dropIn, sshdConfig } = facts;
  const effect = { inEffect: problem === undefined, ...(problem !== undefined && { problem }) };
  return JSON.stringify({
    setUp: true,
    ...effect,
    dropIn,
    sshdConfig,
    ...limitsJson(facts),
    gateway: authority,
  });
}

export function removedLines(outcome: Exclude<RemoveOutcome, { kind: 'refused' }>): string[] {
  if (outcome.kind === 'nothing') return ['nothing is set up on this machine'];
  return [...outcome.removed.map((path) => `removed ${path}`), `sshd ${reloadWords(outcome.reloaded)}`];
}

/** Every file with its path and mode before it. */
export function printedLines({ files, dropIn, facts }: AgentPlan): string {
  return [...files, facts, dropIn]
    .map(
      ({ path, text, mode }) =>
        `### ${path} (mode ${mode.toString(8).padStart(4, '0')}, owned by root)\n${text}`,
    )
    .join('\n');
}

const authorityWords: Readonly<Record<AskedAuthority, string>> = {
  'the-same': 'signs with this key',
  another: 'signs with ANOTHER key',
  unknown: 'could not be asked',
  'not-asked': 'was not asked',
};

function limitLines({ targetId, osUsers, longestCertificateMs, ca }: Limits): string[] {
  return [
    `  machine     ${targetId}`,
    `  users       ${osUsers.length === 0 ? 'any' : osUsers.join(', ')}`,
    `  life        ${longestCertificateMs === undefined ? 'as the gateway says' : `at most ${formatDuration(longestCertificateMs)}`}`,
    `  authority   ${printOf(ca)}`,
  ];
}

function limitsJson({ targetId, osUsers, longestCertificateMs, ca }: Limits): Record<string, unknown> {
  const longest = longestCertificateMs === undefined ? null : formatDuration(longestCertificateMs);
  return { targetId, osUsers, longestCertificate: longest, authority: ca, fingerprint: printOf(ca) };
}

function reloadWords(reloaded: Reloaded): string {
  switch (reloaded.kind) {
    case 'reloaded':
      return `has read it (${reloaded.how})`;
    case 'not-running':
      return 'does not run; it reads it when it starts';
    case 'not-wanted':
      return 'reads it when it is reloaded';
    case 'failed':
      return reloaded.reason;
  }
}
