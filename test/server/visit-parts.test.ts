import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { load } from '../../server/config/load.ts';
import { Stores } from '../../server/store/stores.ts';
import { openVisitParts, type VisitParts } from '../../server/visit-parts.ts';
import { makeRegistry } from './routing/make-registry.ts';
import { endpointCall } from '../support/endpoint-call.ts';
import { createLog } from '../support/log-lines.ts';
import { scratchDir } from '../support/scratch-dir.ts';

async function open(t: Test, argv: readonly string[] = []): Promise<VisitParts> {
  const stateDir = scratchDir(t);
  const loaded = load({
    argv: ['--domain', 'preview.test', ...argv],
    env: { HOME: '/' },
    readFile: () => '',
  });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  const { log } = createLog();
  const stores = await Stores.open({
    ...{ stateDir, log, claimTtlMs: 1000, maxRemembered: 10, auditRetentionMs: 86_400_000 },
    otherAdmins: () => [],
  });
  t.teardown(() => stores.close());
  const quiet = { onChange: () => undefined };
  const visit = await openVisitParts(loaded.config, {
    ...{ stateDir, stores, keyFile: undefined, log, grantKey: Buffer.alloc(32) },
    certificateParts: {
      authorities: { ...quiet, knows: () => false },
      own: { ...quiet, current: undefined },
      revoked: undefined,
    } as never,
    registry: makeRegistry().registry,
    machines: { keysOf: () => [] },
    entrances: { port: () => 8443 },
    issuer: { issue: () => Promise.reject(new Error('none')) },
  });
  t.teardown(() => {
    visit.close();
  });
  return visit;
}

const login = '/_porthole/login';
const pathsOf = ({ endpoints }: VisitParts): string[] => endpoints.map(({ path }) => path).toSorted();

t.test('the login pages are served, and those of providers where there are some', async (t) => {
  const visit = await open(t);
  t.equal(visit.hasLoginProviders(), false);
  t.same(pathsOf(visit), [
    '/_porthole/account',
    login,
    `${login}/key`,
    `${login}/link`,
    '/_porthole/session',
  ]);
  const page = visit.endpoints.find(({ path, on }) => path === login && on === 'gateway');
  const answer = await page?.answer(endpointCall({ path: login, host: 'preview.test' }));
  t.match(answer, { kind: 'answer' });

  const file = join(scratchDir(t), 'login.toml');
  writeFileSync(file, '[[provider]]\nname = "a"\nissuer = "https://a.test"\nclient-id = "x"\n');
  const provided = await open(t, ['--login-file', file]);
  t.equal(provided.hasLoginProviders(), true);
  t.ok(pathsOf(provided).includes(`${login}/callback`));
});

t.test('what cannot be opened leaves nothing open', async (t) => {
  const none = join(scratchDir(t), 'none');
  await t.rejects(open(t, ['--login-file', none]), { code: 'ERR_CONFIG' });
  await t.rejects(open(t, ['--oidc-policy', none]), { code: 'ERR_CONFIG' });
});
