import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../core/log.ts';
import type { CertificateEvent, CertificatePair, CertificateSource } from '../../tls/certificate-source.ts';
import type { CertificateFilesOptions } from '../../tls/certificates.ts';
import { openCertificateFiles } from '../../tls/certificates.ts';
import type { LogLine } from '../support/log-lines.ts';
import { createLog } from '../support/log-lines.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { issued, issuer } from './issued.ts';
import { SharedPort } from './shared-port.ts';

interface Files {
  readonly directory: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Two files in a directory of their own. */
function filesIn(directory: string): Files {
  return { directory, certFile: join(directory, 'fullchain.pem'), keyFile: join(directory, 'privkey.pem') };
}

function write({ certFile, keyFile }: Files, { cert, key }: CertificatePair): void {
  writeFileSync(certFile, cert + issuer);
  writeFileSync(keyFile, key);
}

interface Opened extends Files {
  readonly source: CertificateSource;
  readonly lines: LogLine[];
  readonly events: CertificateEvent[];
}

async function open(
  t: TestScope,
  pair: CertificatePair,
  options: Partial<CertificateFilesOptions> = {},
): Promise<Opened> {
  const files = filesIn(scratchDir(t));
  write(files, pair);
  const { log, lines } = createLog();
  const events: CertificateEvent[] = [];
  const onEvent = (event: CertificateEvent): void => {
    events.push(event);
  };
  const { certFile, keyFile } = files;
  const fixed = { certFile, keyFile, domain: 'preview.example.com', log, onEvent, pollIntervalMs: 60_000 };
  const source = await openCertificateFiles({ ...fixed, ...options });
  t.teardown(() => {
    source.close();
  });
  return { ...files, source, lines, events };
}

const levels = (lines: readonly LogLine[]): string[] => lines.map(({ level }) => level);

t.test('serves the files', async (t) => {
  const pair = issued();
  const { source } = await open(t, pair);
  t.same(source.current, { cert: pair.cert + issuer, key: pair.key });
  const leaf = new X509Certificate(pair.cert);
  t.same(source.describe(), {
    kind: 'files',
    notAfter: leaf.validToDate,
    fingerprint256: leaf.fingerprint256,
  });
  t.notOk('forName' in source);
});

t.test('does not start with files that are no good, and says which', async (t) => {
  const files = filesIn(scratchDir(t));
  const start = (): Promise<CertificateSource> =>
    openCertificateFiles({ ...files, domain: 'preview.example.com', log: silentLog() });
  const refusal = { code: 'ERR_CERTIFICATE', message: new RegExp(files.certFile) };
  await t.rejects(start(), refusal, 'missing');
  write(files, { ...issued(), key: issued().key });
  await t.rejects(start(), refusal, 'the wrong key');
  rmSync(files.certFile);
  mkdirSync(files.certFile);
  await t.rejects(start(), refusal, 'a directory');
  rmSync(files.certFile, { recursive: true });
  write(files, issued());
  truncateSync(files.certFile, 2 * 1024 * 1024);
  await t.rejects(start(), { ...refusal, message: /larger than/ }, 'huge');
});

t.test('warns of what clients will not like, and serves it', async (t) => {
  const { source, lines } = await open(t, issued({ fromDays: -90, toDays: -1 }));
  t.ok(source.current);
  t.match(lines, [{ level: 'warn', warning: /expired/ }]);
});

t.test('takes new files, and tells', async (t) => {
  const opened = await open(t, issued());
  const { source, events, lines } = opened;
  let changes = 0;
  source.onChange(() => changes++);
  await source.refresh();
  t.same(events, [], 'nothing has changed');
  const next = issued();
  write(opened, next);
  await source.refresh();
  t.equal(source.current.key, next.key);
  t.equal(source.describe().fingerprint256, new X509Certificate(next.cert).fingerprint256);
  t.equal(changes, 1);
  t.same(events, [{ kind: 'changed' }]);
  t.match(lines, [{ level: 'info', msg: 'certificate reloaded' }]);
  write(opened, next);
  await source.refresh();
  t.equal(changes, 1, 'written again with the same content');
});

t.test('looks by itself', async (t) => {
  const opened = await open(t, issued(), { pollIntervalMs: 2 });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  opened.source.onChange(() => {
    resolve(undefined);
  });
  const alive = setInterval(() => undefined, 1_000);
  const next = issued();
  write(opened, next);
  await promise;
  clearInterval(alive);
  t.equal(opened.source.current.key, next.key);
});

t.test('takes files that are renamed into place', async (t) => {
  const opened = await open(t, issued());
  const next = issued();
  writeFileSync(`${opened.certFile}.new`, next.cert + issuer);
  writeFileSync(`${opened.keyFile}.new`, next.key);
  renameSync(`${opened.certFile}.new`, opened.certFile);
  renameSync(`${opened.keyFile}.new`, opened.keyFile);
  await opened.source.refresh();
  t.equal(opened.source.current.key, next.key);
});

t.test(
  'follows symbolic links, of files as certbot has them and of directories as Kubernetes has',
  async (t) => {
    const root = scratchDir(t);
    const pairs = [issued(), issued()] as const;
    for (const [index, pair] of pairs.entries()) {
      mkdirSync(join(root, `..${String(index)}`));
      write(filesIn(join(root, `..${String(index)}`)), pair);
    }
    const pointTo = (target: string, link: string): void => {
      symlinkSync(target, `${link}.new`);
      renameSync(`${link}.new`, link);
    };
    // ..data is swapped as a whole; the files are links through it.
    pointTo('..0', join(root, '..data'));
    const kubernetes = filesIn(join(root, 'mounted'));
    mkdirSync(kubernetes.directory);
    symlinkSync(join(root, '..data', 'fullchain.pem'), kubernetes.certFile);
    symlinkSync(join(root, '..data', 'privkey.pem'), kubernetes.keyFile);
    const certbot = filesIn(join(root, 'live'));
    mkdirSync(certbot.directory);
    pointTo(join(root, '..0', 'fullchain.pem'), certbot.certFile);
    pointTo(join(root, '..0', 'privkey.pem'), certbot.keyFile);
    const open = async ({ certFile, keyFile }: Files): Promise<CertificateSource> => {
      const source = await openCertificateFiles({
        certFile,
        keyFile,
        domain: 'preview.example.com',
        log: silentLog(),
      });
      t.teardown(() => {
        source.close();
      });
      return source;
    };
    const sources = await Promise.all([open(kubernetes), open(certbot)]);
    for (const source of sources) t.equal(source.current.key, pairs[0].key);
    pointTo('..1', join(root, '..data'));
    pointTo(join(root, '..1', 'fullchain.pem'), certbot.certFile);
    pointTo(join(root, '..1', 'privkey.pem'), certbot.keyFile);
    for (const source of sources) {
      await source.refresh();
      t.equal(source.current.key, pairs[1].key);
    }
  },
);

t.test('a broken replacement keeps the old one, and says so once', async (t) => {
  const spoils: Record<string, (files: Files) => void> = {
    'a cut certificate': ({ certFile }) => {
      truncateSync(certFile, 100);
    },
    'an empty key': ({ keyFile }) => {
      writeFileSync(keyFile, '');
    },
    'the key of another': ({ keyFile }) => {
      writeFileSync(keyFile, issued().key);
    },
    'a missing certificate': ({ certFile }) => {
      unlinkSync(certFile);
    },
    'one that has expired': (files) => {
      write(files, issued({ fromDays: -90, toDays: -1 }));
    },
  };
  for (const [name, spoil] of Object.entries(spoils)) {
    const opened = await open(t, issued());
    const { source, events, lines } = opened;
    const { current } = source;
    spoil(opened);
    await source.refresh();
    t.same(events, [], `${name}: it may be half-written`);
    for (let look = 0; look < 3; look++) await source.refresh();
    t.same(source.current, current, name);
    t.same(events, [{ kind: 'refused' }]);
    t.match(lines, [{ level: 'error', certFile: opened.certFile, keyFile: opened.keyFile, problem: String }]);
    const next = issued();
    write(opened, next);
    await source.refresh();
    t.equal(source.current.key, next.key, `${name}: mended`);
    t.same(levels(lines), ['error', 'info']);
  }
});

t.test('certificate and key that are replaced one after the other cause no alarm', async (t) => {
  const opened = await open(t, issued());
  const next = issued();
  writeFileSync(opened.certFile, next.cert + issuer);
  await opened.source.refresh();
  writeFileSync(opened.keyFile, next.key);
  await opened.source.refresh();
  t.equal(opened.source.current.key, next.key);
  t.same(opened.events, [{ kind: 'changed' }]);
  t.same(levels(opened.lines), ['info']);
});

t.test('an expired one is replaced by another expired one', async (t) => {
  const opened = await open(t, issued({ fromDays: -90, toDays: -2 }));
  const next = issued({ fromDays: -90, toDays: -1 });
  write(opened, next);
  await opened.source.refresh();
  t.equal(opened.source.current.key, next.key);
});

t.test('is swapped on the shared port, under live connections', async (t) => {
  const opened = await open(t, issued());
  const port = await SharedPort.open(t, { certificates: opened.source });
  const connect = (): ReturnType<SharedPort['connectTls']> =>
    port.connectTls({ ca: issuer, servername: 'web.preview.example.com', ALPNProtocols: ['http/1.1'] });
  const before = await connect();
  const { socket } = await port.handed.next();
  const next = issued();
  write(opened, next);
  await opened.source.refresh();
  const after = await connect();
  const { serialNumber } = new X509Certificate(next.cert);
  t.equal(after.getPeerCertificate().serialNumber, serialNumber);
  t.not(before.getPeerCertificate().serialNumber, serialNumber);
  socket.write('still');
  const chunks: Buffer[] = [];
  before.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  before.on('end', resolve);
  await promise;
  t.equal(Buffer.concat(chunks).toString(), 'still');
});
