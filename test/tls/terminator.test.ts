import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import t from 'tap';
import { silentLog } from '../../core/log.ts';
import type { CertificateSource } from '../../tls/certificate-source.ts';
import type { DemuxerEvent } from '../../tls/demuxer-event.ts';
import { openDevelopmentCa } from '../../tls/development-ca.ts';
import { Listener } from '../../tls/listener.ts';
import { groups } from '../../tls/policy.ts';
import { Terminator } from '../../tls/terminator.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { until } from '../support/until.ts';
import { SharedPort } from './shared-port.ts';
import { hungUp } from './socket-waits.ts';

function failed(event: DemuxerEvent): boolean {
  return event.kind === 'handshake-failed';
}

/** `openssl s_client`, which verifies, and ends after the handshake. */
async function sClient(t: TestScope, port: SharedPort, ...args: string[]): Promise<Program> {
  const program = startSClient(t, port, ...args);
  program.end();
  await program.exit;
  return program;
}

function startSClient(t: TestScope, port: SharedPort, ...args: string[]): Program {
  const address = `127.0.0.1:${String(port.port)}`;
  return new Program(t, 'openssl', ['s_client', '-connect', address, '-CAfile', port.caFile, ...args]);
}

/** A development CA that made its leaf long ago, and renews it when it looks the next time. */
async function renewable(t: TestScope): Promise<CertificateSource> {
  const days = 24 * 60 * 60 * 1000;
  let now = new Date(Date.now() - 65 * days);
  const options = { stateDir: scratchDir(t), domain: 'localhost', log: silentLog(), now: () => now };
  const certificates = await openDevelopmentCa(options);
  now = new Date();
  return certificates;
}

t.test('speaks TLS 1.2 and 1.3 with AEAD suites', async (t) => {
  const port = await SharedPort.open(t);
  const tls13 = await sClient(t, port, '-tls1_3');
  t.match(tls13.stdout, /New, TLSv1\.3, Cipher is TLS_/);
  t.match(tls13.stdout, /Verification: OK/);
  const suites = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'];
  for (const suite of suites.map((name) => `ECDHE-ECDSA-${name}`)) {
    const { stdout } = await sClient(t, port, '-tls1_2', '-cipher', suite);
    t.match(stdout, new RegExp(`New, TLSv1\\.2, Cipher is ${suite}`));
  }
});

t.test('refuses old versions, CBC, static RSA and slow curves', async (t) => {
  const port = await SharedPort.open(t);
  const cases = [
    [['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], 'ERR_SSL_UNSUPPORTED_PROTOCOL'],
    [['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], 'ERR_SSL_UNSUPPORTED_PROTOCOL'],
    [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA'], 'ERR_SSL_NO_SHARED_CIPHER'],
    [['-tls1_2', '-cipher', 'AES128-GCM-SHA256'], 'ERR_SSL_NO_SHARED_CIPHER'],
    [['-tls1_3', '-curves', 'P-521'], 'ERR_SSL_NO_SUITABLE_KEY_SHARE'],
  ] as const;
  for (const [args, code] of cases) {
    const { stdout } = await sClient(t, port, ...args);
    t.match(stdout, /Cipher is \(NONE\)/, args.join(' '));
    t.match(await port.events.next(failed), { code });
  }
  t.same(port.handed.all, []);
});

t.test('prefers the cheapest suite, and ChaCha20 for those that do', async (t) => {
  const port = await SharedPort.open(t);
  const chacha = 'TLS_CHACHA20_POLY1305_SHA256';
  const aes = await sClient(
    t,
    port,
    '-ciphersuites',
    `TLS_AES_256_GCM_SHA384:${chacha}:TLS_AES_128_GCM_SHA256`,
  );
  t.match(aes.stdout, /Cipher is TLS_AES_128_GCM_SHA256/);
  const mobile = await sClient(t, port, '-ciphersuites', `${chacha}:TLS_AES_128_GCM_SHA256`);
  t.match(mobile.stdout, /Cipher is TLS_CHACHA20_POLY1305_SHA256/);
});

t.test('answers ALPN without overlap with an alert', async (t) => {
  const port = await SharedPort.open(t);
  const { stderr } = await sClient(t, port, '-alpn', 'spdy/3,gopher');
  t.match(stderr, /alert number 120/);
  t.match(await port.events.next(failed), { code: /^ERR_SSL_/ });
});

t.test('tells when a client does not trust the certificate', async (t) => {
  const port = await SharedPort.open(t);
  await t.rejects(port.connectTls({ ca: [] }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  t.match(await port.events.next(failed), { code: 'ECONNRESET' });
});

t.test('ends a handshake whose client has gone', async (t) => {
  const port = await SharedPort.open(t);
  const client = await port.connect(Buffer.from([22, 3, 1, 0x3f, 0xff, 1, 0]));
  await port.events.next(({ kind }) => kind === 'sniffed');
  client.end();
  t.match(await port.events.next(failed), { code: 'ECONNRESET' });
  await hungUp(client);
  await until('nothing is pending', () => port.demuxer.pending === 0);
});

t.test('refuses renegotiation, and lives on', async (t) => {
  const port = await SharedPort.open(t);
  const client = startSClient(t, port, '-tls1_2', '-alpn', 'http/1.1');
  await port.handed.next();
  await client.said(/Extended master secret/);
  client.write('R\n');
  await client.said(/no renegotiation/);
  t.equal(port.events.all.filter(({ kind }) => kind === 'secured').length, 1);
  const other = await port.connectTls({ ALPNProtocols: ['http/1.1'] });
  t.ok(other.authorized);
});

t.test('ends a handshake that stalls, and one that only crawls', async (t) => {
  const port = await SharedPort.open(t, { tlsHandshakeTimeoutMs: 60 });
  const hello = Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb]), Buffer.alloc(100)]);
  const stalled = await port.connect(hello);
  t.same(await port.events.next(failed), { kind: 'handshake-failed', code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
  await hungUp(stalled);
  const crawling = await port.connect(hello);
  const crawl = setInterval(() => crawling.write('\0'), 5);
  t.teardown(() => {
    clearInterval(crawl);
  });
  t.same(await port.events.next(failed), { kind: 'handshake-failed', code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
  await hungUp(crawling);
  await until('nothing is pending', () => port.demuxer.pending === 0);
});

t.test('swaps the certificate under live connections', async (t) => {
  const certificates = await renewable(t);
  const port = await SharedPort.open(t, { certificates });
  const client = await port.connectTls({ ALPNProtocols: ['h2'] });
  const { socket } = await port.handed.next();
  const before = client.getPeerCertificate().serialNumber;
  await certificates.refresh();
  const other = await port.connectTls({ ALPNProtocols: ['h2'] });
  t.not(other.getPeerCertificate().serialNumber, before);
  client.write('still');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  t.equal(chunk.toString(), 'still');
});

t.test('resumes sessions, also across a change of the certificate', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const servername of ['localhost', 'web--pr-1.localhost']) {
      const certificates = await renewable(t);
      const port = await SharedPort.open(t, { certificates });
      const first = await port.connectTls({ ALPNProtocols: ['h2'], maxVersion, servername });
      const session = await sessionOf(first);
      await port.handed.next();
      await certificates.refresh();
      const second = await port.connectTls({ ALPNProtocols: ['h2'], maxVersion, servername, session });
      await port.handed.next();
      t.ok(second.isSessionReused(), `${maxVersion} ${servername}`);
      const resumed = port.events.all.filter(({ kind }) => kind === 'secured');
      t.match(resumed, [{ resumed: false }, { resumed: true, alpn: 'h2', tlsVersion: maxVersion }]);
    }
  }
});

t.test('resumes nothing with a ticket key that is over', async (t) => {
  const certificates = await openDevelopmentCa({
    stateDir: scratchDir(t),
    domain: 'localhost',
    log: silentLog(),
  });
  const onError = (code: string): void => {
    t.fail(code);
  };
  const terminator = new Terminator({
    certificates,
    handshakeTimeoutMs: 20_000,
    onError,
    ticketKeyLifetimeMs: 5,
  });
  const onSocket = (socket: Socket): void => {
    void terminator.handshake(socket);
  };
  const listener = await Listener.open(
    { host: '127.0.0.1', port: 0 },
    { onSocket, onError: ({ message }) => t.fail(message) },
  );
  t.teardown(() => {
    listener.destroy('test over');
    terminator.close();
    certificates.close();
  });
  const ca = readFileSync(certificates.describe().caFile ?? '');
  const connectWith = async (session?: Buffer): Promise<TLSSocket> => {
    const { host, port } = listener.address;
    const options = { host, port, servername: 'localhost', ca, maxVersion: 'TLSv1.2' as const };
    const client = connect({ ...options, ...(session && { session }) });
    t.teardown(() => client.destroy());
    await once(client, 'secureConnect');
    return client;
  };
  const session = await sessionOf(await connectWith());
  await until('a full handshake', async () => !(await connectWith(session)).isSessionReused());
  t.pass();
});

async function sessionOf(client: TLSSocket): Promise<Buffer> {
  const session = client.getSession();
  if (client.getProtocol() === 'TLSv1.2' && session !== undefined) return session;
  // With TLS 1.3 a ticket comes after the handshake.
  const [ticket] = (await once(client.resume(), 'session')) as [Buffer];
  return ticket;
}

t.test('has a certificate of its own for each host of localhost', async (t) => {
  const port = await SharedPort.open(t);
  for (const host of ['localhost', 'web--pr-42.localhost', 'PR-1.localhost']) {
    const client = await port.connectTls({ servername: host, ALPNProtocols: ['h2'] });
    t.ok(client.authorized, host);
  }
  for (const host of ['a.b.localhost', 'example.com', '-x.localhost', 'localhost.evil']) {
    await t.rejects(port.connectTls({ servername: host }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, host);
  }
  const byAddress = await port.connectTls({ servername: '' });
  t.match(byAddress.getPeerCertificate().subjectaltname, /IP Address:127\.0\.0\.1/);
});

t.test('makes the certificate of a host once', async (t) => {
  const made: string[] = [];
  const inner = await openDevelopmentCa({ stateDir: scratchDir(t), domain: 'localhost', log: silentLog() });
  const counting: CertificateSource = {
    current: inner.current,
    forName(servername) {
      made.push(servername);
      return inner.forName?.(servername);
    },
    onChange: (listener) => inner.onChange(listener),
    describe: () => inner.describe(),
    refresh: () => inner.refresh(),
    close() {
      inner.close();
    },
  };
  const port = await SharedPort.open(t, { certificates: counting });
  for (const host of ['a.localhost', 'b.localhost', 'A.localhost']) {
    await port.connectTls({ servername: host, ALPNProtocols: ['h2'] });
  }
  t.same(made, ['a.localhost', 'b.localhost']);
});

t.test('does not ask for single names where the wildcard will do', async (t) => {
  const port = await SharedPort.open(t, { domain: 'preview.example.com' });
  const client = await port.connectTls({
    servername: 'web--pr-1.preview.example.com',
    ALPNProtocols: ['h2'],
  });
  t.ok(client.authorized);
  t.match(client.getPeerCertificate().subjectaltname, 'DNS:preview.example.com, DNS:*.preview.example.com');
});

t.test('agrees on each of its key exchange groups', async (t) => {
  const port = await SharedPort.open(t);
  t.equal(groups.includes('X25519MLKEM768'), !process.versions.openssl.startsWith('3.0.'));
  for (const ecdhCurve of groups.split(':')) {
    const client = await port.connectTls({ ecdhCurve, ALPNProtocols: ['h2'] });
    t.equal(client.getProtocol(), 'TLSv1.3', ecdhCurve);
  }
});
