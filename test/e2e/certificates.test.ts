import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { Portholed } from '../support/portholed.ts';
import { Program } from '../support/program.ts';
import { startApp } from '../support/recording-app.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { offer } from '../support/stock-ssh.ts';

/** Makes a certificate with the real openssl, signed by itself. */
async function makeCertificate(t: TestScope, domain: string): Promise<{ cert: string; key: string }> {
  const dir = scratchDir(t);
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const openssl = new Program(t, 'openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
    ...['-subj', '/CN=test', '-addext', `subjectAltName=DNS:${domain},DNS:*.${domain}`],
    ...['-keyout', key, '-out', cert],
  ]);
  await openssl.exit;
  return { cert, key };
}

/** The fingerprint of the certificate that a new connection gets. */
async function served(gateway: Portholed, servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: gateway.port, servername, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function fingerprintOf(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}

/** As certbot does: the new file takes the old one's name in one step. */
function replace(from: string, to: string): void {
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

t.test('certificate files are read again when they change, and a broken one is not used', async (t) => {
  const host = 'web.preview.test';
  const [current, next] = await Promise.all([1, 2].map(() => makeCertificate(t, 'preview.test')));
  if (current === undefined || next === undefined) throw new Error('unreachable');
  const gateway = await Portholed.start(t, [
    ...['--domain', 'preview.test', '--tls-cert', current.cert, '--tls-key', current.key],
  ]);
  const before = fingerprintOf(current.cert);
  t.equal(await served(gateway, host), before);
  const held = connect({
    host: '127.0.0.1',
    port: gateway.port,
    servername: host,
    rejectUnauthorized: false,
  });
  t.teardown(() => held.destroy());
  held.on('error', () => undefined);
  await once(held, 'secureConnect');

  replace(next.key, current.key);
  replace(next.cert, current.cert);
  await gateway.line((line) => line.msg === 'certificate reloaded');
  t.not(fingerprintOf(current.cert), before);
  t.equal(await served(gateway, host), fingerprintOf(next.cert), 'new connections get the new one');
  held.write(`GET /healthz HTTP/1.1\r\nHost: preview.test\r\n\r\n`);
  await once(held, 'data');
  t.pass('connections from before live on');

  writeFileSync(current.cert, 'not a certificate\n');
  const refusal = await gateway.line((line) => line.level === 'error' && 'certFile' in line);
  t.match(refusal, { certFile: current.cert, problem: /./ });
  t.equal(await served(gateway, host), fingerprintOf(next.cert), 'the old one stays in use');

  const other = await makeCertificate(t, 'preview.test');
  replace(other.key, current.key);
  replace(other.cert, current.cert);
  const isReloaded = (): boolean =>
    gateway.lines.filter((line) => line.msg === 'certificate reloaded').length === 2;
  await gateway.line(isReloaded);
  t.equal(await served(gateway, host), fingerprintOf(other.cert), 'and a good one heals it');
});

t.test('a key that is not of the certificate ends the start with one clear message', async (t) => {
  const [one, two] = await Promise.all([1, 2].map(() => makeCertificate(t, 'preview.test')));
  const gateway = Portholed.spawn(t, [
    ...['--domain', 'preview.test', '--tls-cert', one?.cert ?? '', '--tls-key', two?.key ?? ''],
  ]);
  t.equal(await gateway.exit(), 1);
  t.match(gateway.stderr.trim().split('\n'), [/^portholed: .*cert\.pem/]);
  t.equal(gateway.stderr.trim().split('\n').length, 1);
});

for (const domain of ['localhost', 'preview.test']) {
  t.test(`curl --cacert trusts every host of ${domain}, by the gateway's own authority`, async (t) => {
    const server = await startGateway(t, ['--access', 'public', '--domain', domain]);
    const { gateway } = server;
    const port = String(gateway.port);
    const app = await startApp(t, 'app');
    const web = ['-R', `web:80:127.0.0.1:${String(app.port)}`];
    await offer(t, server, { env: 'pr-1', args: ['-R', `80:127.0.0.1:${String(app.port)}`, ...web] });
    const wanted = [
      [`pr-1.${domain}`, '/', 'app\n'],
      [`web--pr-1.${domain}`, '/', 'app\n'],
      [domain, '/healthz', undefined],
    ] as const;
    for (const [host, path, body] of wanted) {
      const curl = new Program(t, 'curl', [
        ...['--disable', '--silent', '--show-error', '--fail', '--noproxy', '*'],
        ...['--cacert', gateway.caFile, '--resolve', `${host}:${port}:127.0.0.1`],
        `https://${host}:${port}${path}`,
      ]);
      t.equal((await curl.exit).code, 0, `${host}: ${curl.stderr}`);
      if (body !== undefined) t.equal(curl.stdout, body);
    }
    const stranger = new Program(t, 'curl', [
      ...['--disable', '--silent', '--noproxy', '*', '--resolve', `pr-1.${domain}:${port}:127.0.0.1`],
      `https://pr-1.${domain}:${port}/`,
    ]);
    t.equal((await stranger.exit).code, 60, 'without the authority curl does not trust it');
  });
}

t.test('the protocol versions and suites of openssl', async (t) => {
  const gateway = await Portholed.start(t);
  const probe = async (...options: string[]): Promise<string> => {
    const at = ['s_client', '-connect', `127.0.0.1:${String(gateway.port)}`, '-servername', 'pr-1.localhost'];
    const openssl = new Program(t, 'openssl', [
      ...at,
      '-CAfile',
      gateway.caFile,
      '-verify_return_error',
      ...options,
    ]);
    openssl.end();
    const { code } = await openssl.exit;
    return code === 0 ? 'accepted' : openssl.stderr;
  };
  // Security level 0, so that it is the gateway and not this openssl that refuses.
  const weak = ['-cipher', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'];
  const accepted = [['-tls1_3'], ['-tls1_2'], ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256']];
  const refused = [
    ['-tls1_1', ...weak],
    ['-tls1', ...weak],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0'],
  ];
  for (const options of accepted) t.equal(await probe(...options), 'accepted', options.join(' '));
  for (const options of refused) {
    t.match(await probe(...options), /alert (?:protocol version|handshake failure)/, options.join(' '));
  }
});
