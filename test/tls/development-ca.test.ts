import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../core/log.ts';
import { newKey } from '../../tls/authority.ts';
import type { CertificateEvent, CertificateSource } from '../../tls/certificate-source.ts';
import type { DevelopmentCaOptions } from '../../tls/development-ca.ts';
import { openDevelopmentCa } from '../../tls/development-ca.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';

const dayMs = 24 * 60 * 60 * 1000;

const inDays = (days: number): Date => new Date(Date.now() + days * dayMs);
const read = (directory: string, name: string): string => readFileSync(join(directory, name), 'utf8');
const modeOf = (directory: string, name: string): number => statSync(join(directory, name)).mode & 0o777;
const leafOf = (source: CertificateSource): X509Certificate => new X509Certificate(source.current.cert);

async function open(
  t: TestScope,
  options: Partial<DevelopmentCaOptions> & { stateDir: string },
): Promise<CertificateSource> {
  const source = await openDevelopmentCa({ domain: 'localhost', log: silentLog(), ...options });
  t.teardown(() => {
    source.close();
  });
  return source;
}

t.test('makes an authority and a leaf, with keys that nobody else can read', async (t) => {
  const stateDir = join(scratchDir(t), 'made', 'too');
  const source = await open(t, { stateDir });
  t.same(readdirSync(stateDir).sort(), ['ca.key', 'ca.pem', 'leaf.pem']);
  t.equal(modeOf(stateDir, 'ca.key'), 0o600);
  t.equal(modeOf(stateDir, 'leaf.pem'), 0o600);
  t.equal(modeOf(stateDir, 'ca.pem'), 0o644);
  t.equal(modeOf(stateDir, '.'), 0o700);
  const verify = new Program(t, 'openssl', [
    'verify',
    '-x509_strict',
    '-CAfile',
    join(stateDir, 'ca.pem'),
    join(stateDir, 'leaf.pem'),
  ]);
  t.same(await verify.exit, { code: 0, signal: null });
  const leaf = leafOf(source);
  t.same(source.describe(), {
    kind: 'development',
    notAfter: leaf.validToDate,
    fingerprint256: leaf.fingerprint256,
    caFile: join(stateDir, 'ca.pem'),
  });
  const lifeMs = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
  t.ok(lifeMs <= 397 * dayMs, 'as short as browsers want it');
  t.ok(leaf.validFromDate.getTime() <= Date.now() - dayMs / 24, 'valid for clients whose clock is behind');
});

t.test('survives a restart', async (t) => {
  const stateDir = scratchDir(t);
  const first = await open(t, { stateDir });
  const ca = read(stateDir, 'ca.pem');
  const second = await open(t, { stateDir });
  t.equal(read(stateDir, 'ca.pem'), ca);
  t.same(second.current, first.current);
});

t.test('of two that start at once both have the same authority', async (t) => {
  const stateDir = scratchDir(t);
  const sources = await Promise.all(Array.from({ length: 8 }, () => open(t, { stateDir })));
  const ca = new X509Certificate(read(stateDir, 'ca.pem'));
  for (const source of sources) t.ok(leafOf(source).verify(ca.publicKey));
  t.same(readdirSync(stateDir).sort(), ['ca.key', 'ca.pem', 'leaf.pem']);
});

t.test('another domain gets another leaf, and an authority that may issue it', async (t) => {
  const stateDir = scratchDir(t);
  const local = await open(t, { stateDir });
  const first = read(stateDir, 'ca.pem');
  const below = await open(t, { stateDir, domain: 'preview.localhost' });
  t.equal(leafOf(below).subjectAltName, 'DNS:preview.localhost, DNS:*.preview.localhost');
  t.equal(read(stateDir, 'ca.pem'), first, 'permitted already');
  const public_ = await open(t, { stateDir, domain: 'preview.example.com' });
  t.equal(leafOf(public_).subjectAltName, 'DNS:preview.example.com, DNS:*.preview.example.com');
  const second = read(stateDir, 'ca.pem');
  t.not(second, first);
  t.equal(read(stateDir, 'ca.pem.old'), first, 'the old one is set aside');
  t.equal(modeOf(stateDir, 'ca.key.old'), 0o600);
  const again = await open(t, { stateDir });
  t.equal(read(stateDir, 'ca.pem'), second, 'localhost is always permitted');
  t.ok(leafOf(again).verify(new X509Certificate(second).publicKey));
  t.not(again.current.cert, local.current.cert);
});

t.test('hosts elsewhere are certified too, and the authority may do so', async (t) => {
  const stateDir = scratchDir(t);
  const domain = 'preview.example.com';
  const before = await open(t, { stateDir, domain });
  const first = read(stateDir, 'ca.pem');
  const below = await open(t, { stateDir, domain, otherHosts: ['auth.preview.example.com'] });
  t.equal(below.current.cert, before.current.cert, 'it is one of those below');
  const elsewhere = await open(t, { stateDir, domain, otherHosts: ['login.example.org'] });
  const leaf = leafOf(elsewhere);
  t.equal(leaf.subjectAltName, 'DNS:preview.example.com, DNS:*.preview.example.com, DNS:login.example.org');
  const second = read(stateDir, 'ca.pem');
  t.not(second, first);
  t.ok(leaf.verify(new X509Certificate(second).publicKey));
  await open(t, { stateDir, domain, otherHosts: ['login.example.org'] });
  t.equal(read(stateDir, 'ca.pem'), second);
});

t.test('renews the leaf when a third of its life is left, and tells', async (t) => {
  const stateDir = scratchDir(t);
  let now = new Date();
  const events: CertificateEvent[] = [];
  const source = await open(t, { stateDir, now: () => now, onEvent: (event) => events.push(event) });
  let changes = 0;
  const stop = source.onChange(() => changes++);
  const first = source.current;
  now = inDays(59);
  await source.refresh();
  t.same(source.current, first);
  now = inDays(61);
  await Promise.all([source.refresh(), source.refresh()]);
  t.not(source.current.cert, first.cert);
  t.ok(leafOf(source).validToDate > inDays(140));
  t.same(events, [{ kind: 'changed' }]);
  t.equal(changes, 1);
  t.same((await open(t, { stateDir, now: () => now })).current, source.current, 'it is in the file');
  stop();
  now = inDays(130);
  await source.refresh();
  t.equal(changes, 1);
  t.equal(events.length, 2);
});

t.test('renews by itself', async (t) => {
  let now = new Date();
  const source = await open(t, { stateDir: scratchDir(t), now: () => now, checkIntervalMs: 2 });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  source.onChange(() => {
    resolve(undefined);
  });
  now = inDays(80);
  const alive = setInterval(() => undefined, 1_000);
  await promise;
  clearInterval(alive);
  t.ok(leafOf(source).validToDate > inDays(160));
});

t.test('a leaf from the future is made anew', async (t) => {
  const stateDir = scratchDir(t);
  await open(t, { stateDir, now: () => inDays(10) });
  const source = await open(t, { stateDir });
  t.ok(leafOf(source).validFromDate < new Date());
});

t.test('replaces an authority that is about to expire', async (t) => {
  const stateDir = scratchDir(t);
  await open(t, { stateDir });
  const first = read(stateDir, 'ca.pem');
  const source = await open(t, { stateDir, now: () => inDays(3_600) });
  const ca = new X509Certificate(read(stateDir, 'ca.pem'));
  t.not(ca.toString(), first);
  t.ok(leafOf(source).verify(ca.publicKey));
});

t.test('never touches an authority that it cannot use', async (t) => {
  const cases: Record<string, (stateDir: string) => void> = {
    'a cut certificate': (stateDir) => {
      writeFileSync(join(stateDir, 'ca.pem'), read(stateDir, 'ca.pem').slice(0, 200));
    },
    'an empty certificate': (stateDir) => {
      writeFileSync(join(stateDir, 'ca.pem'), '');
    },
    'a key that is none': (stateDir) => {
      writeFileSync(join(stateDir, 'ca.key'), 'no key');
    },
    'the key of another': (stateDir) => {
      writeFileSync(join(stateDir, 'ca.key'), newKey());
    },
    'a missing key': (stateDir) => {
      rmSync(join(stateDir, 'ca.key'));
    },
    'a leaf in its place': (stateDir) => {
      const leaf = read(stateDir, 'leaf.pem');
      writeFileSync(join(stateDir, 'ca.pem'), leaf);
      writeFileSync(join(stateDir, 'ca.key'), leaf);
    },
  };
  for (const [name, spoil] of Object.entries(cases)) {
    const stateDir = scratchDir(t);
    (await open(t, { stateDir })).close();
    spoil(stateDir);
    const before = readdirSync(stateDir).map((file) => [file, read(stateDir, file)]);
    const message = new RegExp(join(stateDir, 'ca.pem'));
    await t.rejects(open(t, { stateDir }), { code: 'ERR_CERTIFICATE', message }, name);
    t.same(
      readdirSync(stateDir).map((file) => [file, read(stateDir, file)]),
      before,
      name,
    );
  }
});

t.test('a key without a certificate, as after a crash, gets one', async (t) => {
  const stateDir = scratchDir(t);
  await open(t, { stateDir });
  const key = read(stateDir, 'ca.key');
  rmSync(join(stateDir, 'ca.pem'));
  const source = await open(t, { stateDir });
  t.equal(read(stateDir, 'ca.key'), key);
  t.ok(leafOf(source).verify(new X509Certificate(read(stateDir, 'ca.pem')).publicKey));
});

t.test('a leaf that cannot be used is made anew', async (t) => {
  const stateDir = scratchDir(t);
  const first = await open(t, { stateDir });
  const { cert, key } = first.current;
  for (const spoilt of ['', 'x', cert, key, `${cert}${newKey()}`, `${cert.slice(0, 100)}${key}`]) {
    writeFileSync(join(stateDir, 'leaf.pem'), spoilt);
    const source = await open(t, { stateDir });
    t.not(source.current.cert, cert);
    t.ok(leafOf(source).verify(new X509Certificate(read(stateDir, 'ca.pem')).publicKey));
  }
});

t.test('takes back rights to the key that others were given', async (t) => {
  const stateDir = scratchDir(t);
  await open(t, { stateDir });
  chmodSync(join(stateDir, 'ca.key'), 0o644);
  await open(t, { stateDir });
  t.equal(modeOf(stateDir, 'ca.key'), 0o600);
});

t.test('says that the state directory cannot be used', async (t) => {
  const file = join(scratchDir(t), 'file');
  writeFileSync(file, '');
  const stateDir = join(file, 'below');
  await t.rejects(open(t, { stateDir }), { code: 'ERR_STATE_DIR', message: new RegExp(stateDir) });
});

t.test('a renewal that fails keeps the old leaf', async (t) => {
  const stateDir = scratchDir(t);
  const events: CertificateEvent[] = [];
  const source = await open(t, { stateDir, onEvent: (event) => events.push(event) });
  const { current } = source;
  writeFileSync(join(stateDir, 'ca.key'), 'no key');
  await source.refresh();
  t.same(source.current, current);
  t.same(events, [{ kind: 'refused' }]);
  t.ok(existsSync(join(stateDir, 'leaf.pem')));
});

t.test('certifies single hosts below a domain of one label only', async (t) => {
  const local = await open(t, { stateDir: scratchDir(t) });
  const pair = local.forName?.('web--pr-42.localhost');
  t.equal(new X509Certificate(pair?.cert ?? '').subjectAltName, 'DNS:web--pr-42.localhost');
  t.equal(pair?.key, local.current.key);
  for (const name of [
    'localhost',
    '.localhost',
    'a.b.localhost',
    'a_b.localhost',
    `${'x'.repeat(64)}.localhost`,
    'example.com',
    '',
  ]) {
    t.equal(local.forName?.(name), undefined, name);
  }
  const domain = await open(t, { stateDir: scratchDir(t), domain: 'preview.example.com' });
  t.equal(domain.forName?.('web.preview.example.com'), undefined);
});
