import { matchesPattern } from '../../core/env-pattern.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline, resolveExpiry } from '../../core/moment.ts';
import { type Parsed, problem } from '../../core/parsed.ts';
import { parsePublicKey, type PublicKey } from '../../core/public-key.ts';
import { anyEnv } from '../identity/identity.ts';
import type { KeyRecord, KeyRules, NewKey } from '../identity/key-record.ts';
import { keyState } from '../identity/key-state.ts';
import { exampleOf } from '../identity/patterns.ts';
import { answer, failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { freeName, nameFor } from './key-names.ts';
import { isFido, keyJson, kindOf, patternsText, touchText, widestText } from './key-report.ts';
import { fullName, labelOf } from './key-selection.ts';
import { fileSource, type KeyServices } from './key-services.ts';
import { beyondOwn } from './own-limits.ts';
import { facts } from './table.ts';

/** Environment names that a pattern is compared with. */
const maxCompared = 5000;

type AddCall = Call<CommandValues['key add']>;

/** `key add`: a key may dial in from now on, and its holder is told how. */
export function keyAddHandlers(services: KeyServices): Handlers<'key add'> {
  return {
    'key add': async (call) => {
      const answer = await add(services, call);
      if (answer.kind === 'error' && answer.status === 3) {
        const entry = auditOf(call, {
          action: 'key.add',
          target: call.values.principal ?? call.caller.identity.principal,
        });
        const detail = { ...entry.detail, reason: answer.message };
        services.audit.record({ ...entry, result: 'refused', detail });
      }
      return answer;
    },
  };
}

async function add(services: KeyServices, call: AddCall): Promise<Answer> {
  const { caller, values, now } = call;
  const parsed = parsePublicKey(call.stdin ?? '');
  if (!parsed.ok) return failed(refusalOf(parsed));
  const { identity } = caller;
  if (identity.role !== 'admin' && values.principal !== undefined && values.principal !== identity.principal)
    return notAllowed(`only an administrator adds keys of others; you are ${identity.principal}`);
  const expiry = expiryOf(call);
  if (!expiry.ok) return wrongUsage(`--expires: ${expiry.problem}`);
  const rules = rulesOf(values);
  if (!isFido(parsed.key) && (!rules.touchRequired || rules.verifyRequired))
    return wrongUsage('only FIDO keys (sk-...) can be asked for a touch or a PIN');
  const known = knownAlready(services, call, fingerprint(Buffer.from(parsed.key.blob)));
  if (known !== undefined) return known;
  const key = newKey(services, call, { publicKey: parsed.key, expiresAt: expiry.value });
  const beyond = beyondOwn(identity, key);
  if (beyond !== undefined) return notAllowed(beyond);
  await services.keys.change(
    [{ kind: 'add', key }],
    auditOf(call, { action: 'key.add', target: fullName(key), detail: detailOf(key) }),
  );
  return added(services, key, now);
}

/** A private key is no secret any more when it has been sent somewhere. */
function refusalOf({ code, problem: words }: { code: string; problem: string }): string {
  if (code !== 'private-key') return words;
  return `${words}\nIt has left its machine, so it should not be used any more: make a new one with ssh-keygen`;
}

function expiryOf({ caller, values, now }: AddCall): Parsed<number | undefined> {
  const own = caller.identity.role === 'admin' ? undefined : caller.identity.expiresAt;
  if (values.expires === undefined) return { ok: true, value: own };
  if (values.expires.kind === 'now') return problem('a key that expires now is of no use');
  return resolveExpiry(values.expires, now);
}

/** Somebody else's key is not told of, and cannot be taken over either. */
function knownAlready(
  { keys, fileKeys }: KeyServices,
  { caller, now }: AddCall,
  print: string,
): Answer | undefined {
  const isAdmin = caller.identity.role === 'admin';
  const stored = keys.byFingerprint(print);
  const inFile = [...fileKeys()].find((key) => key.fingerprint === print);
  const known = stored ?? (isAdmin ? undefined : inFile);
  if (known === undefined) return undefined;
  if (!isAdmin && known.principal !== caller.identity.principal)
    return failed('this key is known here already');
  const where = known.source === fileSource ? ", in the gateway's file of authorized keys" : '';
  const state = keyState(known, { now, unusedAfterMs: Infinity });
  return failed(
    `this key is there already as ${labelOf(known)}${state === 'active' ? '' : ` (${state})`}${where}`,
  );
}

function newKey(
  { keys, fileKeys, ownsEnvironments }: KeyServices,
  { caller, values, now }: AddCall,
  { publicKey, expiresAt }: { publicKey: PublicKey; expiresAt: number | undefined },
): NewKey {
  const { identity } = caller;
  const isAdmin = identity.role === 'admin';
  const wanted = values.name ?? nameFor(publicKey);
  const isPrincipal = (name: string): boolean =>
    keys.hasPrincipal(name) ||
    ownsEnvironments(name) ||
    [...fileKeys()].some((key) => key.principal === name);
  const principal = isAdmin ? (values.principal ?? freeName(wanted, isPrincipal)) : identity.principal;
  const isName = (name: string): boolean => keys.ofPrincipal(principal).some((key) => key.name === name);
  return {
    fingerprint: fingerprint(Buffer.from(publicKey.blob)),
    principal,
    // One that was asked for is that one or none.
    name: values.name ?? freeName(wanted, isName),
    role: values.role ?? 'machine',
    envPatterns: [...new Set(values.env ?? (isAdmin ? anyEnv : identity.envPatterns))],
    ...widestOf(identity, values),
    type: publicKey.type,
    bits: publicKey.bits,
    blob: publicKey.base64,
    comment: publicKey.comment,
    options: rulesOf(values),
    source: 'added',
    createdAt: now,
    createdBy: identity.principal,
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** Whoever is limited gives that limit on, unless they say something narrower. */
function widestOf(
  identity: AddCall['caller']['identity'],
  values: AddCall['values'],
): Pick<NewKey, 'widestAccess'> {
  const own = identity.role === 'admin' ? undefined : identity.widestAccess;
  const widestAccess = values['widest-access'] ?? own;
  return widestAccess === undefined ? {} : { widestAccess };
}

function rulesOf(values: AddCall['values']): KeyRules {
  return {
    touchRequired: values['no-touch-required'] !== true,
    verifyRequired: values['verify-required'] === true,
  };
}

function detailOf(key: NewKey): Record<string, string | readonly string[]> {
  return {
    subject: key.fingerprint,
    role: key.role,
    env: key.envPatterns,
    ...(key.widestAccess !== undefined && { widestAccess: key.widestAccess }),
    expires: key.expiresAt === undefined ? 'never' : new Date(key.expiresAt).toISOString(),
  };
}

function added(services: KeyServices, key: NewKey, now: number): Answer {
  const { host, port, hostKey } = services.gateway();
  const [pattern] = key.envPatterns;
  const ssh =
    pattern === undefined
      ? null
      : [
          'ssh',
          ...(port === 22 ? [] : ['-p', String(port)]),
          '-R',
          '80:localhost:3000',
          `${exampleOf(pattern)}@${host}`,
        ].join(' ');
  const record: KeyRecord = { ...key, preferred: false };
  const notes = notesOn(services, key);
  const value = { ...keyJson(record, { now, unusedAfterMs: services.unusedAfterMs }), ssh, hostKey, notes };
  const lines = [
    `added ${labelOf(key)}`,
    ...facts([
      ['fingerprint', key.fingerprint],
      ['type', kindOf(key)],
      ['role', key.role],
      ['may use', patternsText(key.envPatterns)],
      ['may be', widestText(key)],
      ['touch', isFido(key) ? touchText(key) : undefined],
      ['expires', key.expiresAt === undefined ? 'never' : formatDeadline(key.expiresAt, now)],
    ]),
    ...(ssh === null ? [] : ['', 'With it, an app on port 3000 gets its URL by', `  ${ssh}`]),
    `  the gateway's host key is ${hostKey}`,
  ];
  return answer(value, lines, notes);
}

function notesOn({ envNames, fileKeys }: KeyServices, key: NewKey): string[] {
  const notes: string[] = [];
  const unmatched = unmatchedBy(key.envPatterns, envNames());
  if (unmatched.length > 0) notes.push(`no environment is called ${unmatched.join(' or ')} yet`);
  if (key.envPatterns.length === 0) notes.push('it may use no environment name');
  if ([...fileKeys()].some(({ fingerprint: print }) => print === key.fingerprint))
    notes.push("it is in the gateway's file of authorized keys too: what is said here counts");
  return notes;
}

/** The patterns that none of the names matches; none, when there are too many names to look at all of them. */
function unmatchedBy(patterns: readonly string[], names: Iterable<string>): readonly string[] {
  let unmatched = patterns.filter((pattern) => pattern !== '*');
  let looked = 0;
  for (const name of names) {
    looked += 1;
    if (unmatched.length === 0 || looked > maxCompared) return [];
    unmatched = unmatched.filter((pattern) => !matchesPattern(pattern, name));
  }
  return unmatched;
}
