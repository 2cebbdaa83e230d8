import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { commandSchemas } from '../../core/command-values.ts';
import { PortholeError } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import { formatTime } from '../../core/moment.ts';
import { table } from '../admin/table.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { keyState } from '../identity/key-state.ts';
import { databaseName, openDatabase, type Database } from '../store/database.ts';
import { KeyStore } from '../store/key-store.ts';
import { grantAdmin, type AdminGrant } from './grant-admin.ts';
import { configOf, stateCommand, UsageProblem, type GatewayFlags, type Operator } from './operator.ts';
import { readPublicKey } from './public-key-file.ts';

interface AddFlags extends GatewayFlags {
  readonly name?: string;
  readonly principal?: string;
}

interface ListFlags extends GatewayFlags {
  readonly json?: boolean;
}

/** `portholed admin`: who may manage the gateway, said on its own machine: for the first one, and for when nobody can log in any more. */
export function adminCommand(operator: Operator): Command {
  const add = stateCommand('add', 'make a key the key of an admin: the first one, or after a lock-out')
    .description(
      'Makes a key the key of an admin. One that was revoked, has expired or may do less is made good again. A gateway that runs knows it within a second.',
    )
    .argument('<keyfile>', 'the public key: a file such as id_ed25519.pub, or - for standard input')
    .option('--name <name>', "what to call the key (default: as the key's comment says)")
    .option('--principal <name>', 'whose key it is (default: a new principal, named like the key)')
    .action((keyFile: string, flags: AddFlags) => addAdmin(keyFile, flags, operator));
  const list = stateCommand('list', 'the keys of admins, and whether they can log in')
    .description('Lists the keys of admins that the gateway has stored.')
    .option('--json', 'print one JSON line')
    .action((flags: ListFlags) => listAdmins(flags, operator));
  return new Command('admin').summary('who may manage the gateway').addCommand(add).addCommand(list);
}

async function addAdmin(keyFile: string, flags: AddFlags, operator: Operator): Promise<void> {
  const names = namesOf(flags);
  const publicKey = await readPublicKey(keyFile, operator);
  const stateDir = operator.openStateDir(configOf(flags, operator).stateDir);
  await withKeys(stateDir, operator, async (keys, database) => {
    const owners = await ownersOf(database);
    const now = operator.now();
    const grant = grantAdmin(keys, { ...names, publicKey, now }, (name) => owners.has(name));
    const { principal, name, fingerprint } = grant.key;
    if (grant.changes.length > 0) {
      await keys.change(grant.changes, {
        at: now,
        principal: 'operator',
        action: 'key.add',
        target: `${principal}/${name}`,
        result: 'ok',
        detail: { key: fingerprint, role: 'admin', repaired: grant.repaired },
      });
    }
    operator.out(sentenceOf(grant));
  });
}

/** Throws `UsageProblem`. The same names as `porthole key add` takes. */
function namesOf({ name, principal }: AddFlags): Pick<AddFlags, 'name' | 'principal'> {
  const parsed = commandSchemas['key add']
    .pick({ name: true, principal: true })
    .safeParse({ name, principal });
  if (!parsed.success)
    throw new UsageProblem(parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`));
  return { ...(name !== undefined && { name }), ...(principal !== undefined && { principal }) };
}

function sentenceOf({ changes, key: { principal, name, fingerprint }, repaired }: AdminGrant): string {
  const key = `${principal}/${name} (${fingerprint})`;
  if (changes.length === 0) return `${key} is the key of an admin already`;
  const before = repaired.length === 0 ? '' : `; it was ${repaired.join(', ')} before`;
  return `${key} is the key of an admin now${before}`;
}

async function listAdmins(flags: ListFlags, operator: Operator): Promise<void> {
  const { stateDir, unusedKeyAfterMs } = configOf(flags, operator);
  refuseNone(stateDir);
  await withKeys(stateDir, operator, (keys) => {
    const moment = { now: operator.now(), unusedAfterMs: unusedKeyAfterMs };
    const admins = [...keys.all()]
      .filter(({ role }) => role === 'admin')
      .map((key) => ({ key, state: keyState(key, moment) }));
    if (flags.json === true) operator.out(JSON.stringify(admins.map(jsonOf)));
    else if (admins.length === 0)
      operator.out('no key of an admin is stored; add one: portholed admin add KEYFILE');
    else operator.out(table([heading, ...admins.map(rowOf)]).join('\n'));
    return Promise.resolve();
  });
}

/** To look makes nothing: the directory may be the wrong one. */
function refuseNone(stateDir: string): void {
  const path = join(stateDir, databaseName);
  if (existsSync(path)) return;
  throw new PortholeError('ERR_STATE_DIR', {
    message: `there is no database at ${path}: no gateway has run there, and no admin was added`,
  });
}

interface Listed {
  readonly key: KeyRecord;
  readonly state: string;
}

const heading = ['KEY', 'FINGERPRINT', 'STATE', 'EXPIRES', 'LAST USED'];

function rowOf({ key, state }: Listed): string[] {
  const { principal, name, fingerprint, expiresAt, lastUsedAt } = key;
  const time = (at: number | undefined): string => (at === undefined ? 'never' : formatTime(at));
  return [`${principal}/${name}`, fingerprint, state, time(expiresAt), time(lastUsedAt)];
}

function jsonOf({ key, state }: Listed): Record<string, unknown> {
  const { principal, name, fingerprint, type, expiresAt, lastUsedAt, lastUsedFrom, revokedReason } = key;
  const time = (at: number | undefined): string | null =>
    at === undefined ? null : new Date(at).toISOString();
  return {
    ...{
      principal,
      name,
      fingerprint,
      type,
      state,
      expiresAt: time(expiresAt),
      lastUsedAt: time(lastUsedAt),
    },
    ...{ lastUsedFrom: lastUsedFrom ?? null, revokedReason: revokedReason ?? null },
  };
}

/** Opens the store beside whatever gateway runs on it. */
async function withKeys(
  stateDir: string,
  { err }: Operator,
  work: (keys: KeyStore, database: Database) => Promise<void>,
): Promise<void> {
  const log = createLog({
    level: 'warn',
    format: 'json',
    destination: {
      write: (line) => {
        warn(line, err);
      },
    },
  });
  const database = await openDatabase(stateDir);
  try {
    const keys = await KeyStore.open({ database, log });
    await work(keys, database);
    await keys.release();
  } finally {
    await database.close();
  }
}

/** A failure is told once, by the error that ends the command. */
function warn(line: string, err: Operator['err']): void {
  const {
    level,
    msg,
    problems = [],
  } = JSON.parse(line) as { level: string; msg: string; problems?: string[] };
  if (level === 'warn') err(['portholed: warning: ' + msg, ...problems].join('\n  '));
}

async function ownersOf({ db }: Database): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('environments').select('owner').distinct().execute();
  return new Set(rows.map(({ owner }) => owner));
}
