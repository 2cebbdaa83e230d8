import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { formatSize } from '../../core/units.ts';
import { backUp } from '../store/backup.ts';
import { databaseName } from '../store/database.ts';
import { configOf, stateCommand, type GatewayFlags, type Operator } from './operator.ts';

/** `portholed backup FILE`: a copy of the database, whole and of one moment, while the gateway runs. */
export function backupCommand(operator: Operator): Command {
  return stateCommand('backup', 'copy the database to a new file, while the gateway runs')
    .description(
      'Copies the database (keys, claims, logins, links, audit) to a new file that only this user can read, and checks the copy. To restore it, stop the gateway, put it in the place of porthole.db in the state directory, and remove porthole.db-wal and porthole.db-shm there.',
    )
    .argument('<file>', 'the new file; one that is there already is never overwritten')
    .action((file: string, flags: GatewayFlags) => {
      const { stateDir } = configOf(flags, operator);
      const { bytes, schemaVersion } = backUp(stateDir, file);
      operator.out(`${file}: ${formatSize(bytes)}, schema ${String(schemaVersion)}, checked`);
      const left = filesBeside(stateDir);
      if (left.length > 0) operator.out(`not in it, but beside it in ${stateDir}: ${left.join(', ')}`);
    });
}

/** Keys and certificates are files of their own: those that sign links and seal the cookies of logins too. */
function filesBeside(stateDir: string): string[] {
  const files = readdirSync(stateDir, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => name).filter((name) => !name.startsWith(databaseName));
}
