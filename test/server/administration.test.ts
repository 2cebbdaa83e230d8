import { randomBytes } from 'node:crypto';
import t from 'tap';
import { commandNames } from '../../core/commands.ts';
import { PortholeError } from '../../core/errors.ts';
import { envSlug } from '../../core/names.ts';
import { ApiTokens } from '../../server/access/api-tokens.ts';
import { LoginLinks } from '../../server/access/login-links.ts';
import { adminHandlers } from '../../server/admin/handlers.ts';
import { makeAdmin, makeImports, type AdministrationParts } from '../../server/administration.ts';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import { Registry } from '../../server/routing/registry.ts';
import { loadHostKey } from '../../server/ssh/host-key.ts';
import { Stores } from '../../server/store/stores.ts';
import { TargetPresence } from '../../server/targets/presence.ts';
import { ReachRules } from '../../server/targets/reach-rules.ts';
import { TargetReports } from '../../server/targets/target-reports.ts';
import { identityOf } from '../support/admin-setting.ts';
import { PlainSealer } from '../support/door.ts';
import { createLog } from '../support/log-lines.ts';
import { publicKey } from '../support/public-keys.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('every command has its handler', (t) => {
  const some = {} as never;
  const handlers = adminHandlers({
    keys: some,
    imports: some,
    env: { environments: {} } as never,
    cert: some,
    audit: some,
    visit: some,
    apiToken: some,
    gate: some,
    targetCert: some,
  });
  t.same(Object.keys(handlers).sort(), [...commandNames].sort());
  t.end();
});

function gateParts({
  stores,
  registry,
  log,
}: Pick<AdministrationParts, 'stores' | 'registry' | 'log'>): AdministrationParts['gate'] {
  const { targets: book, audit } = stores;
  const presence = new TargetPresence();
  return {
    ...{ book, presence, jumps: { all: () => [], byId: () => undefined, end: () => false } },
    reach: new ReachRules({ book, gateAccess: 'members' }),
    reports: new TargetReports({ book, presence, environments: registry, audit, log }),
  };
}

t.test('every command has the parts that it needs', async (t) => {
  const stateDir = scratchDir(t);
  const { log } = createLog();
  const claims = { claimTtlMs: 60_000, maxRemembered: 100 };
  const stores = await Stores.open({
    stateDir,
    log,
    ...claims,
    auditRetentionMs: 60_000,
    otherAdmins: () => [],
  });
  t.teardown(() => stores.close());
  const shared = { log, stores, keyFile: undefined };
  const registry = new Registry({ domain: 'preview.test', holdMs: 1, maxHeldPerEnv: 1, ...claims });
  const parts: AdministrationParts = {
    ...shared,
    config: {
      ...{ unusedKeyAfterMs: 1000, certTtlMs: 1000, keyImportIntervalMs: 1000, shareTtlMs: 1000 },
      ...{ domain: 'preview.test', stateDir, gateCertTtlMs: 60_000 },
    },
    registry,
    issuer: { issue: () => Promise.reject(new PortholeError('ERR_NO_AUTHORITY')) },
    imports: makeImports(shared),
    access: {
      grants: stores.grants,
      sessions: stores.sessions,
      loginLinks: new LoginLinks({ loginOrigin: 'https://preview.test' }),
      grantKey: randomBytes(32),
      apiTokens: new ApiTokens({ sealer: new PlainSealer(), host: 'preview.test' }),
      loginOrigin: 'https://preview.test',
    },
    urls: new PublicUrls({ protocol: 'https', domain: 'preview.test', port: 443 }),
    hasLoginProviders: () => false,
    hostKey: loadHostKey(stateDir),
    envNameOf: (_identity, text) => envSlug(text),
    address: () => ({ host: 'preview.test', port: 443 }),
    gate: gateParts({ stores, registry, log }),
    tunnels: () => [],
    tunnelsOf: () => [],
  };
  const admin = makeAdmin(parts);
  const run = (words: string, input = ''): ReturnType<typeof admin.run> =>
    admin.run(words.split(' '), {
      caller: () => ({ ok: true, value: { identity: identityOf(), address: '192.0.2.1' } }),
      readInput: () => Promise.resolve({ ok: true, value: input }),
    });
  t.match(await run('key add --name ci --role admin', publicKey().line), { status: 0, stdout: [/added ci/] });
  t.match(await run('key list'), { status: 0, stdout: [/NAME/, /ci/] });
  t.match(await run('key imports'), { status: 0 });
  t.match(await run('key import-stop github:ana'), { status: 1 });
  t.match(await run('env list'), { status: 0 });
  t.match(await run('env release pr-1'), { status: 1, stderr: [/no environment/] });
  t.match(await run('cert'), { status: 3, stderr: [/not known/] });
  t.match(await run('share pr-1'), { status: 1, stderr: [/no environment/] });
  t.match(await run('share list'), { status: 0 });
  t.match(await run('password set pr-1 --generate'), { status: 1 });
  t.match(await run('session list'), { status: 0, stderr: ['nobody is logged in'] });
  t.match(await run('login'), {
    status: 0,
    stdout: [/^https:\/\/preview\.test\/_porthole\/login\/key\?code=/],
  });
  t.match(await run('api-token'), {
    status: 0,
    stdout: [/^pha_/],
    stderr: [/./, /https:\/\/preview\.test\/_porthole\/api\//],
  });
  t.match(await run('target create pr-1', publicKey().line), { status: 1, stderr: [/no environment/] });
  t.match(await run('target report', publicKey().line), { status: 1, stderr: [/its own SSH connection/] });
  t.match(await run('target list'), { status: 0, stderr: ['no machines that you own or may reach'] });
  t.match(await run('gate list'), { status: 0, stdout: [/NAME/, /default .* preview\.test:443 +any +any/] });
  t.match(await run('gate ca'), {
    status: 0,
    stdout: [/^ssh-ed25519 AAAA\S+ porthole-machines@preview\.test$/],
  });
  t.match(await run('grant add ana --env pr-*'), { status: 0, stdout: [/^[a-z2-7]{12}$/] });
  t.match(await run('sessions'), { status: 0, stderr: [/nobody/] });
  t.match(await run('sessions --ended'), { status: 0, stderr: [/no session has ended/] });
  t.match(await run('audit'), { status: 0, stdout: [/TIME/, /key\.add/] });
});
