import { commandNames, type CommandName } from '../../core/commands.ts';
import { Admin } from '../../server/admin/admin.ts';
import { answer, type Handlers } from '../../server/admin/answer.ts';
import { keyHandlers } from '../../server/admin/key-commands.ts';
import type { KeyServices } from '../../server/admin/key-services.ts';
import type { Reply } from '../../server/admin/reply.ts';
import type { Identity } from '../../server/identity/identity.ts';
import type { KeyRecord } from '../../server/identity/key-record.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import { createLog, type LogLine } from './log-lines.ts';
import { MemoryKeys } from './memory-keys.ts';

/** The time at which commands are given: 2026-11-22 15:00 UTC. */
export const givenAt = Date.UTC(2026, 10, 22, 15);

/** The commands about keys over keys in memory; all others answer their own name. */
export interface AdminSetting {
  readonly admin: Admin;
  readonly keys: MemoryKeys;
  readonly services: KeyServices;
  /** What was refused. */
  readonly refused: AuditEntry[];
  readonly log: readonly LogLine[];
  /** Gives a command as somebody, with a public key on standard input. */
  readonly run: (words: string | readonly string[], as?: Partial<Identity>, input?: string) => Promise<Reply>;
}

export interface AdminSettingOptions {
  readonly keys?: readonly KeyRecord[];
  readonly fileKeys?: readonly KeyRecord[];
  readonly envNames?: readonly string[];
  /** Principals who own environments. */
  readonly owners?: readonly string[];
  readonly handlers?: Partial<Handlers>;
}

/** An administrator's key, unless told otherwise. */
export function identityOf(overrides: Partial<Identity> = {}): Identity {
  return {
    principal: 'root',
    role: 'admin',
    envPatterns: ['*'],
    fingerprint: 'SHA256:caller',
    keyId: 'caller',
    source: { kind: 'stored' },
    ...overrides,
  };
}

export function adminSetting(options: AdminSettingOptions = {}): AdminSetting {
  const keys = new MemoryKeys(options.keys);
  const refused: AuditEntry[] = [];
  const audit = { record: (entry: AuditEntry): void => void refused.push(entry) };
  const services: KeyServices = {
    keys,
    audit,
    fileKeys: () => options.fileKeys ?? [],
    unusedAfterMs: 90 * 86_400_000,
    ownsEnvironments: (principal) => options.owners?.includes(principal) === true,
    envNames: () => options.envNames ?? [],
    gateway: () => ({ host: 'preview.test', port: 443, hostKey: 'SHA256:host' }),
  };
  const { log, lines } = createLog();
  const handlers = { ...nameTellers(), ...keyHandlers(services), ...options.handlers };
  const admin = new Admin({ handlers, audit, log, now: () => givenAt });
  const run: AdminSetting['run'] = (words, as, input = '') =>
    admin.run(typeof words === 'string' ? words.split(' ') : words, {
      caller: () => ({ ok: true, value: { identity: identityOf(as), address: '192.0.2.1' } }),
      readInput: () => Promise.resolve({ ok: true, value: input }),
    });
  return { admin, keys, services, refused, log: lines, run };
}

function nameTellers(): Handlers {
  const teller = (name: CommandName) => () => Promise.resolve(answer({ name }, [name]));
  return Object.fromEntries(commandNames.map((name) => [name, teller(name)])) as unknown as Handlers;
}
