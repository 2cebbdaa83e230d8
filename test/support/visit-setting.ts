import { envSlug } from '../../core/names.ts';
import { passwordHandlers } from '../../server/admin/password-commands.ts';
import { loginHandlers } from '../../server/admin/login-command.ts';
import { sessionHandlers } from '../../server/admin/session-commands.ts';
import { shareHandlers } from '../../server/admin/share-commands.ts';
import { tokenHandlers } from '../../server/admin/token-commands.ts';
import type { VisitServices } from '../../server/admin/visit-services.ts';
import type { Reply } from '../../server/admin/reply.ts';
import type { Account, Sessions } from '../../server/access/session-record.ts';
import type { Identity } from '../../server/identity/identity.ts';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import type { AuditEntry, AuditLine } from '../../server/store/audit-entry.ts';
import { AuditLog } from '../../server/store/audit-log.ts';
import { openDatabase } from '../../server/store/database.ts';
import { GrantStore } from '../../server/store/grant-store.ts';
import { SessionStore } from '../../server/store/session-store.ts';
import { makeRegistry, type RegistrySetting } from '../server/routing/make-registry.ts';
import { adminSetting, givenAt } from './admin-setting.ts';
import { FakeForward, type FakeForwardOptions } from './fake-forward.ts';
import { createLog } from './log-lines.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/** The commands by which others get to see previews, over a real store and a real registry. */
export interface VisitSetting extends Pick<RegistrySetting, 'registry' | 'end' | 'clock'> {
  readonly grants: GrantStore;
  readonly sessions: SessionStore;
  readonly services: VisitServices;
  /** Ana offers a service. */
  readonly offer: (forward: FakeForwardOptions) => FakeForward;
  /** Gives a command as somebody; ana, a member, unless told otherwise. */
  readonly run: (words: string, as?: Partial<Identity>, input?: string) => Promise<Reply>;
  /** The same with `--json`: what it answers. */
  readonly value: <T>(words: string, as?: Partial<Identity>, input?: string) => Promise<T>;
  /** What was refused or noted without a change. */
  readonly noted: readonly AuditEntry[];
  /** What was written with its change. */
  readonly audited: () => Promise<readonly AuditLine[]>;
  /** Whom login links were made for. */
  readonly linked: Account[];
  /** Logs somebody in. */
  readonly logIn: (id: string, account: Account, times?: { at?: number; until?: number }) => Promise<void>;
}

export const ana = { principal: 'ana', role: 'member' } as const;
export const ben = { principal: 'ben', role: 'member' } as const;
export const root = { principal: 'root', role: 'admin' } as const;

/** What stands where a secret would. */
export const secretOf = (kind: 'link' | 'token', id: string): string =>
  kind === 'link' ? `${id}.mac` : `pht_${id}.mac`;

export async function visitSetting(
  t: TestScope,
  overrides: Partial<VisitServices> = {},
): Promise<VisitSetting> {
  const { log } = createLog();
  const now = (): number => givenAt;
  const database = await openDatabase(scratchDir(t));
  const grants = await GrantStore.open({ database, log, now });
  const sessions = await SessionStore.open({ database, log, now });
  const audit = new AuditLog({ database, log, retentionMs: 86_400_000 });
  t.teardown(async () => {
    await Promise.all([grants.release(), sessions.release(), audit.close()]);
    await database.close();
  });
  const { registry, end, clock } = makeRegistry();
  const noted: AuditEntry[] = [];
  const linked: Account[] = [];
  const services: VisitServices = {
    environments: registry,
    envNameOf: (_identity, text) => envSlug(text),
    audit: { record: (entry) => void noted.push(entry) },
    grants,
    sessions,
    urls: new PublicUrls({ protocol: 'https', domain: 'preview.test', port: 443 }),
    secretOf,
    hashPassword: (text) => Promise.resolve(`hash of ${text}`),
    loginLinks: {
      make: (account) => {
        linked.push(account);
        return { url: 'https://preview.test/_porthole/login/key?code=once', expiresAtMs: givenAt + 300_000 };
      },
    },
    hasLoginProviders: () => true,
    shareTtlMs: 7 * 86_400_000,
    ...overrides,
  };
  const handlers = {
    ...shareHandlers(services),
    ...tokenHandlers(services),
    ...passwordHandlers(services),
    ...loginHandlers(services),
    ...sessionHandlers(services),
  };
  const { run: give } = adminSetting({ handlers });
  const run: VisitSetting['run'] = (words, as = ana, input) => give(words, as, input);
  return {
    registry,
    end,
    clock,
    grants,
    sessions,
    offer: (options) => {
      const forward = new FakeForward({ owner: 'ana', ...options });
      registry.add(forward);
      return forward;
    },
    services,
    run,
    noted,
    linked,
    value: async <T>(words: string, as?: Partial<Identity>, input?: string) => {
      const { stdout, stderr, status } = await run(`${words} --json`, as, input);
      if (status !== 0) throw new Error(`${words}: ${stderr.join(' ')}`);
      return JSON.parse(stdout.join('')) as T;
    },
    audited: () => audit.list({ limit: 1000 }),
    logIn: (id, account, { at = givenAt, until = givenAt + 3_600_000 } = {}) =>
      logIn(sessions, { id, account, at, until }),
  };
}

function logIn(
  sessions: Sessions,
  { id, account, at, until }: { id: string; account: Account; at: number; until: number },
): Promise<void> {
  return sessions.start(
    {
      id,
      account,
      createdAt: at,
      createdFrom: '192.0.2.1',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      expiresAt: until,
    },
    { at, action: 'session.start', target: id, result: 'ok' },
  );
}
