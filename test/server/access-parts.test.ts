import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openAccessParts, type AccessParts } from '../../server/access-parts.ts';
import { keyAccountOf } from '../../server/access/key-account.ts';
import { noPeople } from '../../server/access/people-rules.ts';
import { identityOf } from '../../server/identity/known-keys.ts';
import { Stores } from '../../server/store/stores.ts';
import { makeRegistry } from './routing/make-registry.ts';
import { recordOf, freshKey } from '../support/key-records.ts';
import { createLog } from '../support/log-lines.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { newSession } from '../support/visit-records.ts';

const day = 86_400_000;
const config = {
  ...{ domain: 'preview.test', allowedOrigins: ['https://docs.test'], embedOrigins: [], visitorNetworks: [] },
  ...{ sessionTtlMs: 7 * day, sessionKeyRotationMs: 30 * day, shareTtlMs: 7 * day },
};
const audit = { at: 1, action: 'session.start', result: 'ok' } as const;

interface Opened {
  readonly access: AccessParts;
  readonly stores: Stores;
}

async function open(t: Test, stateDir: string): Promise<Opened> {
  const { log } = createLog();
  const stores = await Stores.open({
    ...{ stateDir, log, claimTtlMs: 1000, maxRemembered: 10, auditRetentionMs: day },
    otherAdmins: () => [],
  });
  t.teardown(() => stores.close());
  const quiet = { onChange: () => undefined };
  const access = await openAccessParts(config, {
    ...{ stateDir, stores, keyFile: undefined, people: noPeople, log },
    certificateParts: {
      authorities: { ...quiet, knows: () => false },
      own: { ...quiet, current: undefined },
      revoked: undefined,
    } as never,
    registry: makeRegistry().registry,
    machines: { keysOf: () => [] },
    grantKey: Buffer.alloc(32),
    login: { origin: 'https://preview.test', host: 'preview.test' },
    publicAddress: { protocol: 'https', port: 443 },
  });
  t.teardown(() => {
    access.close();
  });
  return { access, stores };
}

t.test('all of it is there, and knows of each other', async (t) => {
  const { access, stores } = await open(t, scratchDir(t));
  const key = freshKey(t, { role: 'member' });
  await stores.keys.change([{ kind: 'add', key }], { ...audit, action: 'key.add' });
  const account = keyAccountOf(identityOf(recordOf(key)));
  t.match(access.viewers.viewerOf(account), { principal: 'ana', member: true });

  const { url } = access.loginLinks.make(account);
  t.ok(url.startsWith('https://preview.test/_porthole/login/key?code='));
  const session = newSession({ account });
  await access.sessions.start(session, audit);
  const asked = { kind: 'session', id: session.id } as const;
  const code = access.codes.issue({
    ...{ host: 'pr-1.preview.test', state: 'x', pass: asked, path: '/', expiresAtMs: 1 },
    ...{ planted: [], chain: [] },
  });
  t.match(access.codes.take(code), { pass: asked });
  t.match(access.places.placeOf('web--pr-1'), { env: 'pr-1', service: 'web', access: 'private' });
  t.equal(access.sealer.open('login', 'a', access.sealer.seal('login', 'a', 'x'))?.text, 'x');
  t.same(access.attempts.check('192.0.2.1', 'pr-1'), { ok: true });
  for (let count = 0; count < 12; count += 1) access.attempts.failed('192.0.2.9', 'pr-1');
  t.match(access.attempts.check('192.0.2.9', 'pr-1'), { ok: false });
  t.match(await stores.audit.list({ action: 'visit', limit: 1 }), [
    { action: 'visit.blocked', address: '192.0.2.9', target: 'pr-1', result: 'refused' },
  ]);
  t.equal(access.mayRead('https://docs.test', 'pr-1'), true);
  t.equal(access.mayRead('https://web--pr-1.preview.test', 'pr-1'), true);
  t.equal(access.mayRead('https://web--pr-2.preview.test', 'pr-1'), false);
  let told = 0;
  access.doorkeeper.onChange(() => (told += 1));
  await access.sessions.end([session.id], 'x', audit);
  t.equal(told, 1, 'what goes on is asked again');
});

t.test('the keys outlive the process, and a file that is damaged ends the start', async (t) => {
  const stateDir = scratchDir(t);
  const { access } = await open(t, stateDir);
  const sealed = access.sealer.seal('host', 'a', 'x');
  access.start();
  access.release();
  access.close();
  access.close();
  const { access: next } = await open(t, stateDir);
  t.same(next.sealer.open('host', 'a', sealed), { text: 'x', old: false });
  const path = join(stateDir, 'session.keys');
  writeFileSync(path, '{');
  await t.rejects(open(t, stateDir), { code: 'ERR_STATE_DIR' });
  t.equal(readFileSync(path, 'utf8'), '{');
});
