import { formatTime, resolveSince } from '../../core/moment.ts';
import type { Audit, AuditLine } from '../store/audit-entry.ts';
import { answer, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import type { CommandValues } from '../../core/command-values.ts';
import { table } from './table.ts';

const columns = ['TIME', 'WHO', 'WHAT', 'ON', 'FROM', 'RESULT', 'DETAILS'];

/** What `audit` needs of the gateway. */
export interface AuditServices {
  readonly audit: Pick<Audit, 'list'>;
}

/** `audit`: who did what. Administrators see all of it, others what they did themselves. */
export function auditHandlers({ audit }: AuditServices): Handlers<'audit'> {
  return { audit: (call) => show(call, audit) };
}

async function show(
  { caller, values, now }: Call<CommandValues['audit']>,
  audit: AuditServices['audit'],
): Promise<Answer> {
  const { role, principal: own } = caller.identity;
  const principal = role === 'admin' ? values.principal : (values.principal ?? own);
  if (role !== 'admin' && principal !== own)
    return notAllowed('what others did is for administrators; leave --principal out for what you did');
  const since = values.since === undefined ? undefined : resolveSince(values.since, now);
  if (since?.ok === false) return wrongUsage(`--since: ${since.problem}`);
  const { action, limit } = values;
  const sinceMs = since?.value;
  const lines = await audit.list({
    limit,
    ...(sinceMs !== undefined && { sinceMs }),
    ...(principal !== undefined && { principal }),
    ...(action !== undefined && { action }),
  });
  return answer(lines.map(lineJson), linesText(lines), notesOf(lines.length, limit));
}

function notesOf(count: number, limit: number): string[] {
  if (count === 0) return ['nothing of that kind was noted'];
  return count < limit
    ? []
    : [`these are the newest ${String(limit)}; there may be older ones: --since or --limit`];
}

function lineJson({ id, at, ...line }: AuditLine): object {
  const { principal = null, fingerprint = null, address = null, action, target = null } = line;
  const { result, detail = {} } = line;
  const time = new Date(at).toISOString();
  return { id, time, principal, fingerprint, address, action, target, result, detail };
}

function linesText(lines: readonly AuditLine[]): string[] {
  return lines.length === 0 ? [] : table([columns, ...lines.map(cellsOf)]);
}

function cellsOf(line: AuditLine): string[] {
  const { at, principal, fingerprint, address, action, target, result, detail = {} } = line;
  const facts = Object.entries(detail).map(([name, value]) => `${word(name)}=${factText(value)}`);
  return [
    formatTime(at),
    word(principal ?? '-'),
    word(action),
    word(target ?? '-'),
    word(address ?? '-'),
    result,
    [...facts, ...(fingerprint === undefined ? [] : [`with=${word(fingerprint)}`])].join(' '),
  ];
}

function factText(value: NonNullable<AuditLine['detail']>[string]): string {
  return word(typeof value === 'object' ? value.join(',') : String(value));
}

/** What has a space in it is quoted: a stranger's words must not look like columns. */
function word(text: string): string {
  return /^[^\s"=\\]+$/u.test(text) ? text : JSON.stringify(text);
}
