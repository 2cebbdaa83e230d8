import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { commandSchemas } from '../../core/command-values.ts';
import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { formatDeadline } from '../../core/moment.ts';
import type { PublicKey } from '../../core/public-key.ts';
import { nameFor } from '../admin/key-names.ts';
import { anyEnv } from '../identity/identity.ts';
import { AuthorityIssuer } from '../identity/issuer.ts';
import type { AuthorityKey } from '../identity/authority-file.ts';
import { authorityPath, createAuthority, readAuthority } from '../identity/own-authority.ts';
import { insertAudit } from '../store/audit-queries.ts';
import { CertificateStore } from '../store/certificate-store.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { configOf, stateCommand, UsageProblem, type GatewayFlags, type Operator } from './operator.ts';
import { readPublicKey } from './public-key-file.ts';

interface SignFlags extends GatewayFlags {
  readonly id?: string;
  readonly env?: string[];
  readonly role?: string;
  readonly ttl?: string;
  readonly out?: string;
}

const usualTtlMs = 8 * 3_600_000;

/** `portholed ca`: the gateway's own authority, which signs OpenSSH user certificates. */
export function caCommand(operator: Operator): Command {
  const initCommand = stateCommand('init', "make the gateway's own authority for user certificates")
    .description(
      'Makes a key that signs certificates, user_ca in the state directory; one that is there is never overwritten. A gateway that runs takes its certificates within two seconds.',
    )
    .action((flags: GatewayFlags) => initialise(flags, operator));
  const signCommand = stateCommand('sign', 'sign a certificate for a public key')
    .description('Signs a user certificate and prints it; keep it beside the key as KEY-cert.pub.')
    .argument('<keyfile>', 'the public key: a file such as id_ed25519.pub, or - for standard input')
    .option('--id <id>', "the principal that it speaks for (default: as the key's comment says)")
    .option('--env <pattern>', 'names that it may dial in for; may be repeated (default: *)', collect)
    .option('--role <role>', 'machine, member or admin (default: machine)')
    .option('--ttl <time>', 'how long it is good: 8h, 30d; m is minutes (default: 8h)')
    .option('--out <file>', 'write it there; what is there is replaced')
    .action((keyFile: string, flags: SignFlags) => sign(keyFile, flags, operator));
  const showCommand = stateCommand('show', "print the authority's public key, and how others trust it")
    .description("Prints the authority's public key; what it is for goes to standard error.")
    .action((flags: GatewayFlags) => show(flags, operator));
  return new Command('ca')
    .summary("the gateway's own authority for user certificates")
    .addCommand(initCommand)
    .addCommand(signCommand)
    .addCommand(showCommand);
}

async function initialise(flags: GatewayFlags, operator: Operator): Promise<void> {
  const { stateDir: path, domain } = configOf(flags, operator);
  const stateDir = operator.openStateDir(path);
  const authority = await withDatabase(stateDir, async ({ db }) => {
    const made = createAuthority(stateDir, `user authority of ${domain}`);
    const entry = { at: operator.now(), principal: 'operator', action: 'ca.init', target: made.fingerprint };
    await insertAudit(db, [{ ...entry, result: 'ok' }]);
    return made;
  });
  tell(authority, stateDir, operator);
}

function show(flags: GatewayFlags, operator: Operator): void {
  const stateDir = operator.openStateDir(configOf(flags, operator).stateDir);
  tell(authorityOf(stateDir), stateDir, operator);
}

/** The key alone on standard output, so that it can be written to a file. */
function tell({ line, fingerprint: print }: AuthorityKey, stateDir: string, { out, err }: Operator): void {
  out(line);
  err(
    [
      `fingerprint  ${print}`,
      `private key  ${authorityPath(stateDir)} (whoever has it lets in whom they like; ssh-keygen -s takes it too)`,
      'To have an sshd take its certificates: keep the line above in a file there, say TrustedUserCAKeys FILE in',
      'sshd_config, and name in AuthorizedPrincipalsFile who may log in: role:admin, role:member or env:PATTERN.',
    ].join('\n'),
  );
}

async function sign(keyFile: string, flags: SignFlags, operator: Operator): Promise<void> {
  const wish = readWish(flags);
  const key = await readPublicKey(keyFile, operator);
  const stateDir = operator.openStateDir(configOf(flags, operator).stateDir);
  const authority = authorityOf(stateDir);
  const now = operator.now();
  const issued = await withDatabase(stateDir, async (database) => {
    const records = await CertificateStore.open({ database, now: operator.now });
    const issuer = new AuthorityIssuer({ authority: { current: authority }, records, now: operator.now });
    return issuer.issue({
      key,
      principal: wish.principal ?? (await knownPrincipal(database, key)) ?? nameFor(key),
      role: wish.role ?? 'machine',
      envPatterns: [...new Set(wish.env ?? anyEnv)],
      expiresAt: now + (wish.ttl ?? usualTtlMs),
      issuedFor: 'operator',
      by: { principal: 'operator' },
    });
  });
  if (flags.out === undefined) operator.out(issued.line);
  else writeWhole(flags.out, `${issued.line}\n`);
  operator.err(`serial ${issued.serial}, good until ${formatDeadline(issued.expiresAt, now)}`);
}

const wishSchema = z.object({
  ...commandSchemas['key add'].pick({ principal: true, role: true, env: true }).shape,
  ttl: commandSchemas.cert.shape.ttl,
});

/** Throws `UsageProblem`. What is said twice here is said as the admin commands say it. */
function readWish({ id, role, env, ttl }: SignFlags): z.output<typeof wishSchema> {
  const parsed = wishSchema.safeParse({ principal: id, role, env, ttl });
  if (parsed.success) return parsed.data;
  throw new UsageProblem(
    parsed.error.issues.map(({ path: [name], message }) => {
      const flag = name === 'principal' ? 'id' : String(name);
      return `--${flag}: ${message}`;
    }),
  );
}

/** Whose key it is, as far as the gateway knows. */
async function knownPrincipal({ db }: Database, key: PublicKey): Promise<string | undefined> {
  const row = await db
    .selectFrom('keys')
    .select('principal')
    .where('fingerprint', '=', fingerprint(key.blob))
    .executeTakeFirst();
  return row?.principal;
}

function authorityOf(stateDir: string): AuthorityKey {
  const authority = readAuthority(stateDir);
  if (authority === undefined) throw new PortholeError('ERR_NO_AUTHORITY');
  return authority;
}

async function withDatabase<T>(stateDir: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(stateDir);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** A reader finds the old one or the new one. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortholeError('ERR_CONFIG', { cause, message: `cannot write ${path}: ${reason}` });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
