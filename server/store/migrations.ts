import { sql, type Kysely } from 'kysely';
import { keysAndAuditStatements } from './keys-and-audit.ts';
import { sessionsAndGrantsStatements } from './sessions-and-grants.ts';
import { targetsAndGatesStatements } from './targets-and-gates.ts';

/** Brings the schema from one version to the next. It may add, and must leave alone what a gateway of the version before still uses. */
export type Migration = (db: Kysely<unknown>) => Promise<void>;

/** In the file's header: the file is Porthole's ("Prth"). */
export const applicationId = 0x50_72_74_68;

/** The migrations in order; the schema version of a database is how many of them it has seen. Never change one that was released. */
export const migrations: readonly Migration[] = [
  environmentsAndGateways,
  keysAndAudit,
  sessionsAndGrants,
  targetsAndGates,
];

async function environmentsAndGateways(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('environments')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since', 'integer', (column) => column.notNull())
    .addColumn('last_seen_at', 'integer', (column) => column.notNull())
    .addColumn('online', 'integer', (column) => column.notNull().check(sql`online in (0, 1)`))
    .addColumn('services', 'text', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull().check(sql`epoch between 0 and 1000000000`))
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await db.schema
    .createIndex('environments_last_seen')
    .on('environments')
    .columns(['last_seen_at', 'name'])
    .execute();
  await db.schema
    .createTable('gateways')
    .addColumn('epoch', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('started_at', 'integer', (column) => column.notNull())
    .addColumn('alive_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}

async function keysAndAudit(db: Kysely<unknown>): Promise<void> {
  for (const statement of keysAndAuditStatements) await sql.raw(statement).execute(db);
}

async function sessionsAndGrants(db: Kysely<unknown>): Promise<void> {
  for (const statement of sessionsAndGrantsStatements) await sql.raw(statement).execute(db);
}

async function targetsAndGates(db: Kysely<unknown>): Promise<void> {
  for (const statement of targetsAndGatesStatements) await sql.raw(statement).execute(db);
}

/** The schema version that the database has. */
export async function schemaVersion(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
  return rows[0]?.user_version ?? 0;
}

/** Does what is missing, all or nothing; of several processes that try at once, one does it. A newer database is left as it is. */
export async function migrate(db: Kysely<unknown>, steps: readonly Migration[] = migrations): Promise<void> {
  if ((await schemaVersion(db)) >= steps.length) return;
  await db.transaction().execute(async (transaction) => {
    for (const step of steps.slice(await schemaVersion(transaction))) await step(transaction);
    await sql`pragma application_id = ${sql.lit(applicationId)}`.execute(transaction);
    await sql`pragma user_version = ${sql.lit(steps.length)}`.execute(transaction);
  });
}
