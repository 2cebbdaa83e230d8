import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { PortholeError } from '../../core/errors.ts';
import { formatTime } from '../../core/moment.ts';
import {
  changeSealingKeys,
  newSealingKey,
  readSealingKeys,
  sealingKeyPath,
  type SealingKey,
} from '../access/sealing-key-file.ts';
import { table } from '../admin/table.ts';
import { insertAudit } from '../store/audit-queries.ts';
import { openDatabase } from '../store/database.ts';
import { configOf, stateCommand, type GatewayFlags, type Operator } from './operator.ts';

interface RotateFlags extends GatewayFlags {
  readonly dropOld?: boolean;
}

interface ListFlags extends GatewayFlags {
  readonly json?: boolean;
}

/** Another process writes the file for some milliseconds. */
const maxTries = 100;
const retryMs = 50;

/** `portholed session-key`: the keys that seal the cookies of logins. */
export function sessionKeyCommand(operator: Operator): Command {
  const rotate = stateCommand('rotate', 'have the cookies of logins sealed with a new key')
    .description(
      'Makes a new key in session.keys of the state directory. What older keys have sealed stays good for its time, so that nobody is logged out. A gateway that runs knows it within two seconds.',
    )
    .option('--drop-old', 'forget the older keys: whoever is logged in has to log in again')
    .action((flags: RotateFlags) => rotateKey(flags, operator));
  const list = stateCommand('list', 'the keys there are, by their ids')
    .description('Lists the keys, the newest last. The keys themselves are never shown.')
    .option('--json', 'print one JSON line')
    .action((flags: ListFlags) => {
      listKeys(flags, operator);
    });
  return new Command('session-key')
    .summary('the keys that seal the cookies of logins')
    .addCommand(rotate)
    .addCommand(list);
}

async function rotateKey(flags: RotateFlags, operator: Operator): Promise<void> {
  const { stateDir } = configOf(flags, operator);
  keysOf(stateDir);
  const key = newSealingKey(operator.now());
  const kept = await change(stateDir, (before) => (flags.dropOld === true ? [key] : [...before, key]));
  await note(stateDir, key, kept, operator);
  operator.out(
    kept === 1
      ? `${key.id} is the only key now: whoever was logged in has to log in again`
      : `${key.id} is the newest key now; ${String(kept - 1)} older ${kept === 2 ? 'one opens' : 'ones open'} what they sealed for its time`,
  );
}

/** How many keys there are then. */
async function change(
  stateDir: string,
  make: (before: readonly SealingKey[]) => readonly SealingKey[],
): Promise<number> {
  for (let attempt = 1; attempt <= maxTries; attempt += 1) {
    const after = changeSealingKeys(stateDir, Date.now(), make);
    if (after !== undefined) return after.length;
    await pause(retryMs);
  }
  throw new PortholeError('ERR_STATE_DIR', {
    message: `${sealingKeyPath(stateDir)} is being written by another process all the time; try again`,
  });
}

async function note(stateDir: string, key: SealingKey, kept: number, { now }: Operator): Promise<void> {
  const database = await openDatabase(stateDir);
  try {
    await insertAudit(database.db, [
      {
        ...{ at: now(), principal: 'operator', action: 'session-key.rotate', target: key.id, result: 'ok' },
        detail: { older: kept - 1 },
      },
    ]);
  } finally {
    await database.close();
  }
}

/** Makes nothing: the directory may be the wrong one. */
function keysOf(stateDir: string): readonly SealingKey[] {
  const keys = readSealingKeys(stateDir);
  if (keys !== undefined) return keys;
  throw new PortholeError('ERR_STATE_DIR', {
    message: `there are no keys at ${sealingKeyPath(stateDir)}: no gateway has run there`,
  });
}

function listKeys(flags: ListFlags, operator: Operator): void {
  const keys = keysOf(configOf(flags, operator).stateDir);
  const rows = keys.map(({ id, createdAt }, place) => ({
    id,
    createdAt,
    replacedAt: keys[place + 1]?.createdAt,
  }));
  if (flags.json === true) operator.out(JSON.stringify(rows.map(jsonOf)));
  else operator.out(table([['KEY', 'CREATED', 'REPLACED'], ...rows.map(cellsOf)]).join('\n'));
}

interface Listed {
  readonly id: string;
  readonly createdAt: number;
  readonly replacedAt: number | undefined;
}

function cellsOf({ id, createdAt, replacedAt }: Listed): string[] {
  return [id, formatTime(createdAt), replacedAt === undefined ? 'in use' : formatTime(replacedAt)];
}

function jsonOf({ id, createdAt, replacedAt }: Listed): Record<string, unknown> {
  return {
    id,
    createdAt: new Date(createdAt).toISOString(),
    replacedAt: replacedAt === undefined ? null : new Date(replacedAt).toISOString(),
  };
}
