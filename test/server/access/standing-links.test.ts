import t, { type Test } from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import type { NewGrant } from '../../../server/access/grant-record.ts';
import { StandingLinks } from '../../../server/access/standing-links.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { GrantStore } from '../../../server/store/grant-store.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

interface Setting {
  readonly links: StandingLinks;
  readonly grants: GrantStore;
  readonly lines: readonly LogLine[];
  /** Makes one, if one is to be made; its id. */
  readonly made: (env: string, owner?: string) => Promise<string | undefined>;
  readonly clock: { now: number };
}

const ttlMs = 1000;

async function setUp(t: Test): Promise<Setting> {
  const clock = { now: Date.UTC(2030, 0, 1) };
  const now = (): number => clock.now;
  const { log, lines } = createLog();
  const database = await openDatabase(scratchDir(t));
  const grants = await GrantStore.open({ database, log, now });
  t.teardown(async () => {
    await grants.release();
    await database.close();
  });
  const links = new StandingLinks({ grants, ttlMs, log, now });
  const made: Setting['made'] = async (env, owner = 'ana') => {
    links.ensure(env, owner);
    await links.pending(env);
    return links.current(env, owner);
  };
  return { links, grants, lines, made, clock };
}

t.test('one for each environment and owner, made once', async (t) => {
  const { links, grants, made, clock } = await setUp(t);
  t.equal(links.current('pr-1', 'ana'), undefined);
  links.ensure('pr-1', 'ana');
  links.ensure('pr-1', 'ana');
  t.ok(links.pending('pr-1'));
  await links.pending('pr-1');
  t.equal(links.pending('pr-1'), undefined);
  const id = links.current('pr-1', 'ana') ?? '';
  t.equal([...grants.all()].length, 1);
  t.match(grants.byId(id), {
    ...{ kind: 'link', env: 'pr-1', service: undefined, owner: 'ana', createdBy: 'ana', name: 'standing' },
    ...{ expiresAt: clock.now + ttlMs, emails: [], maxUses: undefined },
  });
  t.equal(await made('pr-1'), id);
  t.not(await made('pr-2'), id);
  t.equal(links.current('pr-1', 'ben'), undefined);
});

t.test('another one when less than half of its life is left', async (t) => {
  const { links, made, clock } = await setUp(t);
  const first = await made('pr-1');
  clock.now += ttlMs / 2 - 1;
  t.equal(await made('pr-1'), first);
  clock.now += 1;
  t.equal(links.current('pr-1', 'ana'), first, 'until then it is told');
  const second = await made('pr-1');
  t.not(second, first);
  clock.now += ttlMs;
  t.equal(links.current('pr-1', 'ana'), undefined, 'not when it is over');
});

t.test('and after it was revoked, or the name passed on', async (t) => {
  const { grants, made, clock } = await setUp(t);
  const first = (await made('pr-1')) ?? '';
  const entry = { at: clock.now, action: 'share.revoke', result: 'ok' } as const;
  await grants.change([{ kind: 'revoke', id: first, at: clock.now }], entry);
  const second = await made('pr-1');
  t.ok(second);
  t.not(second, first);
  t.not(await made('pr-1', 'ben'), second);
});

t.test('links that were made with some purpose are none', async (t) => {
  const { links, grants, clock } = await setUp(t);
  const grant: Omit<NewGrant, 'id'> = {
    ...{ kind: 'link' as const, env: 'pr-1', service: undefined, owner: 'ana', name: 'standing' },
    ...{ createdAt: clock.now, createdBy: 'ana', expiresAt: clock.now + 10_000 },
    ...{ emails: [], maxUses: undefined, hash: undefined },
  };
  const special: readonly Partial<NewGrant>[] = [
    { name: 'review' },
    { service: 'web' },
    { emails: ['ben@example.com'] },
    { maxUses: 1 },
    { kind: 'token' },
  ];
  const entry = { at: clock.now, action: 'share.create', result: 'ok' } as const;
  for (const [at, change] of special.entries()) {
    const id = `aaaaaaaaaaa${'abcde'.charAt(at)}`;
    await grants.change([{ kind: 'add', grant: { ...grant, id, ...change } }], entry);
  }
  t.equal(links.current('pr-1', 'ana'), undefined);
});

t.test('where it cannot be written there is none, and nobody fails for it', async (t) => {
  const { log, lines } = createLog();
  const links = new StandingLinks({
    grants: {
      ofEnv: () => [],
      change: () => Promise.reject(new PortholeError('ERR_STORE_UNAVAILABLE')),
    } as never,
    ttlMs,
    log,
  });
  links.ensure('pr-1', 'ana');
  await links.pending('pr-1');
  t.equal(links.current('pr-1', 'ana'), undefined);
  t.equal(links.pending('pr-1'), undefined);
  t.match(lines, [{ level: 'warn', env: 'pr-1' }]);
});
