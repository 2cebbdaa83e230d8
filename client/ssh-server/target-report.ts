import { quoteWord } from '../../core/command-words.ts';
import { formatDuration } from '../../core/units.ts';
import { isUnknownCommand } from '../gateway-command.ts';
import { oneLine } from '../printable.ts';
import type { ExecResult } from '../remote-command.ts';

/** Which certificates of the gateway this machine's SSH server takes. */
export interface CertificateFacts {
  /** The OS users that they let in; any, if there is none. */
  readonly osUsers: readonly string[];
  readonly longestCertificateMs: number | undefined;
}

/** What a machine says of itself. */
export interface MachineFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly osUser: string | undefined;
  /** Undefined where its SSH server takes none. */
  readonly certificates: CertificateFacts | undefined;
}

/** The machine as the gateway knows it now. */
export interface ReportedTarget {
  readonly id: string;
  readonly name: string;
  readonly env: string;
  /** The host keys that it has pinned, as `TYPE BASE64`. */
  readonly hostKeys: readonly string[];
}

/** What became of a report. */
export type ReportAnswer =
  | { readonly kind: 'new' | 'known' | 'moved' | 'unconfirmed'; readonly target: ReportedTarget }
  /** Another machine has this id at the moment. */
  | { readonly kind: 'conflict' | 'refused'; readonly reason: string }
  /** It may be taken a little later. */
  | { readonly kind: 'later'; readonly reason: string }
  /** A gateway from before such reports. */
  | { readonly kind: 'unsupported' };

/** The command that reports them; the host keys go to its standard input. */
export function reportLine({ id, name, osUser, certificates }: MachineFacts): string {
  const options: [name: string, value: string | undefined][] = [
    ['id', id],
    ['name', name],
    ['os-user', osUser],
    ...(certificates?.osUsers ?? []).map((user): [string, string] => ['certificate-user', user]),
    ['longest-certificate', optionalDuration(certificates?.longestCertificateMs)],
  ];
  const given = options.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}=${value}`]));
  const flags = certificates === undefined ? [] : ['--certificates'];
  return ['target', 'report', ...given, ...flags, '--json'].map(quoteWord).join(' ');
}

/** Undefined when there was no answer. */
export function readReportAnswer(result: ExecResult | undefined): ReportAnswer {
  if (result === undefined) return later('the gateway gave no answer');
  const { code, stdout, stderr } = result;
  const said = oneLine(stderr).replace(/^porthole: /, '');
  if (code === 0) return readTaken(stdout) ?? later(`its answer is not understood: ${oneLine(stdout)}`);
  if (isUnknownCommand(result, 'target report')) return { kind: 'unsupported' };
  const reason = said === '' ? 'the gateway ended the report without a word' : said;
  if (reason.includes('ERR_CONFLICT')) return { kind: 'conflict', reason };
  return code === 2 || code === 3 || reason.includes('ERR_NOT_AUTHORISED')
    ? { kind: 'refused', reason }
    : later(reason);
}

function readTaken(text: string): ReportAnswer | undefined {
  const answer = asRecord(parseJson(text));
  const target = readTarget(answer);
  const kind = answer?.['kind'];
  return target !== undefined && isTaken(kind) ? { kind, target } : undefined;
}

function isTaken(kind: unknown): kind is (typeof takenKinds)[number] {
  return takenKinds.some((each) => each === kind);
}
const takenKinds = ['new', 'known', 'moved', 'unconfirmed'] as const;

function readTarget(record: Record<string, unknown> | undefined): ReportedTarget | undefined {
  const [id, name, env] = ['id', 'name', 'env'].map((key) => record?.[key]);
  if (typeof id !== 'string' || typeof name !== 'string' || typeof env !== 'string') return undefined;
  const keys: unknown = record?.['hostKeys'];
  const hostKeys = Array.isArray(keys) ? keys.filter((key): key is string => typeof key === 'string') : [];
  return { id: oneLine(id), name: oneLine(name), env: oneLine(env), hostKeys };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function optionalDuration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}

function later(reason: string): ReportAnswer {
  return { kind: 'later', reason };
}
