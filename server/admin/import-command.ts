import type { CommandValues } from '../../core/command-values.ts';
import { resolveExpiry } from '../../core/moment.ts';
import { anyEnv } from '../identity/identity.ts';
import type { KeyImports } from '../identity/key-imports.ts';
import type { ImportTerms, KeptImport } from '../identity/kept-import.ts';
import { parseImportSource, type ImportSource } from '../identity/import-source.ts';
import type { Keys } from '../identity/key-record.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { importAnswer, isLiveOf, keptAnswer } from './import-report.ts';
import { fullName } from './key-selection.ts';

/** What the commands about accounts elsewhere need. */
export interface ImportServices {
  readonly imports: Pick<KeyImports, 'all' | 'find' | 'import' | 'stop'>;
  readonly keys: Pick<Keys, 'all'>;
  readonly audit: AuditRecorder;
  /** How often a source that is kept in step is looked at. */
  readonly intervalMs: number;
}

type ImportCall = Call<CommandValues['key import']>;

/** The commands about the keys of accounts elsewhere. */
export function importHandlers(
  services: ImportServices,
): Handlers<'key import' | 'key imports' | 'key import-stop'> {
  return {
    'key import': (call) => importKeys(services, call),
    'key imports': (call) => list(services, call),
    'key import-stop': (call) => stop(services, call),
  };
}

async function importKeys({ imports, audit, intervalMs }: ImportServices, call: ImportCall): Promise<Answer> {
  const source = parseImportSource(call.values.source);
  if (!source.ok) return wrongUsage(source.problem);
  const before = await imports.find(source.value.name);
  const terms = termsOf(source.value, call, before);
  if ('kind' in terms) return terms;
  const { identity, address } = call.caller;
  const by = { principal: identity.principal, fingerprint: identity.fingerprint, address };
  const keep = call.values.keep === true || before !== undefined;
  const outcome = await imports.import({ source: source.value, terms, keep, by });
  if (outcome.kind === 'failed') {
    const done = { action: 'key.import', target: source.value.name, detail: { reason: outcome.problem } };
    audit.record({ ...auditOf(call, done), result: 'failed' });
    return failed(`${outcome.problem}; nothing was imported`);
  }
  return importAnswer(outcome.report, { terms, keep, now: call.now, intervalMs });
}

/** What is not said is as it was, for a source that is kept in step already. */
function termsOf(
  source: ImportSource,
  { values, caller, now }: ImportCall,
  before: KeptImport | undefined,
): ImportTerms | Answer {
  const principal = values.principal ?? before?.principal ?? source.principal;
  if (principal === undefined)
    return wrongUsage(
      `${source.name} makes no name of a principal: say whose keys they are with --principal`,
    );
  if (before !== undefined && principal !== before.principal) {
    return failed(
      `${source.name} is kept in step for ${before.principal} already; end that first: key import-stop ${source.name}`,
    );
  }
  if (values.expires?.kind === 'now') return wrongUsage('--expires: keys that expire now are of no use');
  const expiry = values.expires && resolveExpiry(values.expires, now);
  if (expiry?.ok === false) return wrongUsage(`--expires: ${expiry.problem}`);
  const expiresAt = expiry === undefined ? before?.expiresAt : expiry.value;
  return {
    source: source.name,
    principal,
    role: values.role ?? before?.role ?? 'machine',
    envPatterns: [...new Set(values.env ?? before?.envPatterns ?? anyEnv)],
    ...(expiresAt !== undefined && { expiresAt }),
    createdBy: before?.createdBy ?? caller.identity.principal,
  };
}

async function list({ imports, keys, intervalMs }: ImportServices, { now }: Call<unknown>): Promise<Answer> {
  const known = [...keys.all()];
  const rows = (await imports.all()).map((kept) => ({
    kept,
    live: known.filter((key) => isLiveOf(key, kept)).length,
  }));
  return keptAnswer(rows, { now, intervalMs });
}

async function stop(
  { imports, keys, audit }: ImportServices,
  call: Call<{ source: string }>,
): Promise<Answer> {
  const source = parseImportSource(call.values.source);
  if (!source.ok) return wrongUsage(source.problem);
  const { name } = source.value;
  const kept = await imports.find(name);
  if (kept === undefined || !(await imports.stop(name)))
    return failed(`${name} is not kept in step; key imports lists what is`);
  const staying = [...keys.all()].filter((key) => isLiveOf(key, kept));
  audit.record(auditOf(call, { action: 'key.import-stop', target: name }));
  return answer(
    { source: name, stopped: true, keys: staying.map(({ fingerprint }) => fingerprint) },
    [`${name} is kept in step no longer`],
    staying.length === 0
      ? []
      : [`its keys stay until you revoke or remove them: ${staying.map(fullName).join(', ')}`],
  );
}
