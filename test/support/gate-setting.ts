import { envSlug } from '../../core/names.ts';
import type { Call, CommandConnection, Handlers } from '../../server/admin/answer.ts';
import { gateHandlers } from '../../server/admin/gate-commands.ts';
import { gateEntryHandlers } from '../../server/admin/gate-entry-commands.ts';
import type { GateServices } from '../../server/admin/gate-services.ts';
import { grantHandlers } from '../../server/admin/grant-commands.ts';
import { jumpSessionHandlers } from '../../server/admin/jump-session-commands.ts';
import { targetHandlers } from '../../server/admin/target-commands.ts';
import { targetProfileHandlers } from '../../server/admin/target-profile-commands.ts';
import type { Reply } from '../../server/admin/reply.ts';
import type { Identity } from '../../server/identity/identity.ts';
import type { KeyRecord } from '../../server/identity/key-record.ts';
import type { EnvironmentView } from '../../server/routing/resolution.ts';
import type { AuditEntry, AuditLine } from '../../server/store/audit-entry.ts';
import type { JumpSession } from '../../server/targets/jump-session.ts';
import { ReachRules } from '../../server/targets/reach-rules.ts';
import type { ReportOutcome, TargetReport } from '../../server/targets/target-reports.ts';
import { adminSetting, givenAt, identityOf } from './admin-setting.ts';
import { MemoryBook, type BookContents } from './memory-book.ts';

export interface GateSettingOptions extends BookContents {
  /** Environments with their owners. */
  readonly environments?: Readonly<Record<string, string>>;
  readonly keys?: readonly KeyRecord[];
  readonly fileKeys?: readonly KeyRecord[];
  /** Ids of machines that are online. */
  readonly online?: readonly string[];
  readonly jumps?: readonly JumpSession[];
  /** What the audit has already. */
  readonly lines?: readonly AuditLine[];
  /** What becomes of each report. */
  readonly outcome?: ReportOutcome;
}

/** The commands about machines, gates, grants and sessions, over a book in memory. */
export interface GateSetting {
  readonly services: GateServices;
  readonly book: MemoryBook;
  /** What was noted beside changes of the book: what was refused, and what was ended. */
  readonly noted: AuditEntry[];
  readonly reports: TargetReport[];
  readonly ended: { readonly id: string; readonly reason: string }[];
  /** Gives a command as somebody: an administrator, unless told otherwise. */
  readonly run: (
    words: string | readonly string[],
    as?: Partial<Identity>,
    more?: { readonly input?: string; readonly connection?: CommandConnection },
  ) => Promise<Reply>;
}

/** The key of a person for environments `pr-*`. */
export function member(principal: string, overrides: Partial<Identity> = {}): Partial<Identity> {
  return {
    principal,
    role: 'member',
    envPatterns: ['pr-*'],
    fingerprint: `SHA256:${principal}`,
    ...overrides,
  };
}

export function gateSetting(options: GateSettingOptions = {}): GateSetting {
  const book = new MemoryBook(options);
  const noted: AuditEntry[] = [];
  const reports: TargetReport[] = [];
  const ended: { id: string; reason: string }[] = [];
  const views = Object.entries(options.environments ?? {}).map(
    ([name, owner]) => ({ name, owner }) as EnvironmentView,
  );
  const live = new Map((options.jumps ?? []).map((jump) => [jump.id, jump]));
  const audit: GateServices['audit'] = {
    record: (entry) => void noted.push(entry),
    list: ({ action, limit, principal }) =>
      Promise.resolve(
        (options.lines ?? [])
          .filter(
            (line) => line.action === action && (principal === undefined || line.principal === principal),
          )
          .slice(-limit),
      ),
  };
  const { keys } = adminSetting(options);
  const services: GateServices = {
    ...{ book, audit, keys },
    reach: new ReachRules({ book, gateAccess: 'members' }),
    reports: {
      report: (report) => {
        reports.push(report);
        if (options.outcome === undefined) throw new Error('there is no outcome');
        return Promise.resolve(options.outcome);
      },
    },
    isOnline: ({ id }) => options.online?.includes(id) === true,
    jumps: {
      all: () => live.values(),
      byId: (id) => live.get(id),
      end: (id, reason) => {
        ended.push({ id, reason });
        return live.delete(id);
      },
    },
    environments: {
      view: (env) => views.find(({ name }) => name === env),
      views: (owner) => views.filter((view) => owner === undefined || view.owner === owner),
    },
    envNameOf: (_identity, text) => envSlug(text),
    fileKeys: () => options.fileKeys ?? [],
    principals: { has: (name) => keys.hasPrincipal(name) },
    reportedTunnel: () => undefined,
    gateway: () => ({ host: 'preview.test', port: 443, hostKey: 'ssh-ed25519 AAAA' }),
  };
  const { admin } = adminSetting({ ...options, handlers: handlersOf(services) });
  const run: GateSetting['run'] = (words, as, { input = '', connection } = {}) =>
    admin.run(typeof words === 'string' ? words.split(' ') : words, {
      caller: () => ({ ok: true, value: { identity: identityOf(as), address: '192.0.2.1' } }),
      readInput: () => Promise.resolve({ ok: true, value: input }),
      connection,
    });
  return { services, book, noted, reports, ended, run };
}

/** A call by somebody, for what is below the handlers. */
export function callBy(as: Partial<Identity> = {}): Pick<Call<unknown>, 'caller' | 'now'> {
  return { caller: { identity: identityOf(as), address: '192.0.2.1' }, now: givenAt };
}

/** Somebody who is in the machine of pr-42 since a minute. */
export function someJump(overrides: Partial<JumpSession> = {}): JumpSession {
  return {
    ...{ id: 'abcdefgh', principal: 'ana', fingerprint: 'SHA256:ana', address: '192.0.2.7', gate: 'default' },
    ...{ env: 'pr-42', service: 'ssh', port: undefined, target: undefined },
    ...{ startedAt: givenAt - 60_000, activeAt: givenAt - 5000, bytesUp: 1234, bytesDown: 5_600_000 },
    ...overrides,
  };
}

function handlersOf(services: GateServices): Partial<Handlers> {
  return {
    ...targetHandlers(services),
    ...targetProfileHandlers(services),
    ...gateHandlers(services),
    ...gateEntryHandlers(services),
    ...grantHandlers(services),
    ...jumpSessionHandlers(services),
  };
}
