import { randomBytes } from 'node:crypto';
import t from 'tap';
import { commandNames } from '../../core/commands.ts';
import { PortholeError } from '../../core/errors.ts';
import { envSlug } from '../../core/names.ts';
import { LoginLinks } from '../../server/access/login-links.ts';
import { adminHandlers } from '../../server/admin/handlers.ts';
import { makeAdmin, makeImports, type AdministrationParts } from '../../server/administration.ts';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import { Registry } from '../../server/routing/registry.ts';
import { loadHostKey } from '../../server/ssh/host-key.ts';
import { Stores } from '../../server/store/stores.ts';
import { identityOf } from '../support/admin-setting.ts';
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
  });
  t.same(Object.keys(handlers).sort(), [...commandNames].sort());
  t.end();
});

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
    config: { unusedKeyAfterMs: 1000, certTtlMs: 1000, keyImportIntervalMs: 1000, shareTtlMs: 1000 },
    registry,
    issuer: { issue: () => Promise.reject(new PortholeError('ERR_NO_AUTHORITY')) },
    imports: makeImports(shared),
    access: {
      grants: stores.grants,
      sessions: stores.sessions,
      loginLinks: new LoginLinks({ loginOrigin: 'https://preview.test' }),
      grantKey: randomBytes(32),
    },
    urls: new PublicUrls({ protocol: 'https', domain: 'preview.test', port: 443 }),
    hasLoginProviders: () => false,
    hostKey: loadHostKey(stateDir),
    envNameOf: (_identity, text) => envSlug(text),
    address: () => ({ host: 'preview.test', port: 443 }),
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
  t.match(await run('audit'), { status: 0, stdout: [/TIME/, /key\.add/] });
});
