import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import t from 'tap';
import type { DemuxerEvent } from '../../tls/demuxer-event.ts';
import { parseNetworks } from '../../tls/networks.ts';
import { proxyV2 } from './proxy-header.ts';
import { SharedPort } from './shared-port.ts';
import { hungUp, take, turn } from './socket-waits.ts';

const sshIdent = 'SSH-2.0-OpenSSH_9.2\r\n';
const httpHead = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Sends one byte in a segment of its own. */
async function writeAlone(client: Socket, byte: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.write(Uint8Array.of(byte), resolve);
  await promise;
  await turn();
}

function lost(event: DemuxerEvent): boolean {
  return event.kind === 'lost';
}

/** Where silence and lateness are not what is tested, a busy machine must not make them up. */
const unhurried = { sniffTimeoutMs: 60_000, silenceMs: 60_000 };

t.test('hands on what speaks in the open, with every byte', async (t) => {
  const port = await SharedPort.open(t);
  const cases = { ssh: sshIdent, 'plain-http': httpHead } as const;
  for (const [kind, bytes] of Object.entries(cases)) {
    const client = await port.connect(bytes);
    const handed = await port.handed.next();
    t.equal(handed.kind, kind);
    t.match(handed.info, {
      remoteAddress: '127.0.0.1',
      remotePort: client.localPort,
      localPort: port.port,
      secure: false,
      viaProxy: false,
      servername: undefined,
      alpn: undefined,
      tlsVersion: undefined,
      cipher: undefined,
    });
    t.equal(handed.socket.readableFlowing, null, 'not flowing');
    t.equal(await take(handed.socket, bytes.length), bytes);
    client.write('more');
    t.equal(await take(handed.socket, 4), 'more');
  }
  await turn();
  t.equal(port.demuxer.pending, 0);
});

t.test('hands on what was agreed by ALPN', async (t) => {
  const port = await SharedPort.open(t);
  const cases = { h2: 'http2', 'http/1.1': 'http', ssh: 'ssh' } as const;
  for (const [alpn, kind] of Object.entries(cases)) {
    const client = await port.connectTls({ ALPNProtocols: [alpn], servername: 'LocalHost' });
    const handed = await port.handed.next();
    t.equal(handed.kind, kind);
    t.match(handed.info, {
      remoteAddress: '127.0.0.1',
      remotePort: client.localPort,
      secure: true,
      alpn,
      servername: 'localhost',
      tlsVersion: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
    });
    client.write('hello');
    t.equal(await take(handed.socket, 5), 'hello');
  }
  const client = await port.connectTls({ ALPNProtocols: ['ssh', 'http/1.1', 'h2'] });
  t.equal(client.alpnProtocol, 'h2', 'our order counts');
});

t.test('looks inside TLS where ALPN was not used', async (t) => {
  const port = await SharedPort.open(t);
  const cases = { ssh: sshIdent, http: httpHead } as const;
  for (const [kind, bytes] of Object.entries(cases)) {
    const client = await port.connectTls();
    client.write(bytes);
    const handed = await port.handed.next();
    t.equal(handed.kind, kind);
    t.match(handed.info, { secure: true, alpn: undefined });
    t.equal(await take(handed.socket, bytes.length), bytes);
  }
});

t.test('takes silence for SSH, in the open and inside TLS', async (t) => {
  const port = await SharedPort.open(t, { silenceMs: 20 });
  const client = await port.connect();
  const raw = await port.handed.next();
  t.match(raw, { kind: 'ssh', info: { secure: false } });
  raw.socket.write(sshIdent);
  t.equal(await take(client, sshIdent.length), sshIdent);
  await port.connectTls();
  t.match(await port.handed.next(), { kind: 'ssh', info: { secure: true } });
  const silent = port.events.all.filter((event) => event.kind === 'sniffed' && event.as === 'silence');
  t.match(silent, [{ secure: false }, { secure: true }]);
});

t.test('takes the same decision when every byte comes alone', async (t) => {
  const port = await SharedPort.open(t);
  for (const bytes of [sshIdent, httpHead]) {
    const client = await port.connect();
    for (const byte of Buffer.from(bytes)) {
      await writeAlone(client, byte);
    }
    const { socket } = await port.handed.next();
    t.equal(await take(socket, bytes.length), bytes);
  }
  t.match(port.handed.all, [{ kind: 'ssh' }, { kind: 'plain-http' }]);
});

t.test('ends what it does not know', async (t) => {
  const port = await SharedPort.open(t);
  const garbage = ['\0\0\0\0', '\x16\x03\x09', 'hello\r\n', '\x80\x2e\x01\x03\x01', 'x'.repeat(2000)];
  for (const bytes of [...garbage, 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n']) {
    const client = await port.connect(Buffer.from(bytes, 'latin1'));
    await hungUp(client);
    t.same(await port.events.next(lost), { kind: 'lost', why: 'garbage', secure: false });
  }
  const client = await port.connectTls();
  client.write(Buffer.from([22, 3, 1, 2, 0, 1]));
  await hungUp(client);
  t.same(await port.events.next(lost), { kind: 'lost', why: 'garbage', secure: true }, 'TLS inside TLS');
  t.same(port.handed.all, []);
  await turn();
  t.equal(port.demuxer.pending, 0);
});

t.test('ends what does not decide in time', async (t) => {
  const port = await SharedPort.open(t, { ...unhurried, sniffTimeoutMs: 40 });
  const client = await port.connect('GE');
  await hungUp(client);
  t.same(await port.events.next(lost), { kind: 'lost', why: 'late', secure: false });
  const secure = await port.connectTls();
  secure.write('SS');
  await hungUp(secure);
  t.same(await port.events.next(lost), { kind: 'lost', why: 'late', secure: true });
});

t.test('forgets peers that go before they said what they are', async (t) => {
  const port = await SharedPort.open(t);
  for (const bytes of [undefined, 'GE']) {
    const client = await port.connect(bytes);
    client.end();
    t.same(await port.events.next(lost), { kind: 'lost', why: 'ended', secure: false });
  }
  const client = await port.connect();
  await port.events.next(({ kind }) => kind === 'accepted');
  client.resetAndDestroy();
  t.same(await port.events.next(lost), { kind: 'lost', why: 'ended', secure: false });
  await turn();
  t.equal(port.demuxer.pending, 0);
});

t.test('survives peers that reset at once, and hands on only sockets that live', async (t) => {
  const port = await SharedPort.open(t);
  for (let round = 0; round < 50; round++) {
    const client = connect({ host: '127.0.0.1', port: port.port });
    client.on('error', () => undefined);
    await once(client, 'connect');
    client.write(httpHead);
    client.resetAndDestroy();
  }
  await port.connect(sshIdent);
  await port.handed.next(({ kind }) => kind === 'ssh');
  for (const { info } of port.handed.all) t.equal(info.remoteAddress, '127.0.0.1');
  await turn();
  t.equal(port.demuxer.pending, 0);
});

t.test('answers a peer that has finished sending', async (t) => {
  const port = await SharedPort.open(t);
  const server = createHttpServer((_request, response) => response.end('bye'));
  for (const secure of [false, true]) {
    const client = await (secure ? port.connectTls({ ALPNProtocols: ['http/1.1'] }) : port.connect());
    client.end('GET / HTTP/1.0\r\n\r\n');
    const { socket } = await port.handed.next();
    server.emit('connection', socket);
    const chunks = await client.toArray();
    t.match(Buffer.concat(chunks as Buffer[]).toString(), /bye$/);
  }
});

t.test('drops the oldest undecided socket of a source that has too many', async (t) => {
  const port = await SharedPort.open(t, { maxPendingPerSource: 2 });
  const first = await port.connect('G');
  const second = await port.connect('G');
  const third = await port.connect('G');
  await hungUp(first);
  t.match(await port.events.next(({ kind }) => kind === 'evicted'), { kind: 'evicted' });
  t.equal(port.demuxer.pending, 2);
  for (const client of [second, third]) {
    client.write('ET / HTTP/1.1\r\n\r\n');
    t.match(await port.handed.next(), { kind: 'plain-http', info: { remotePort: client.localPort } });
  }
});

t.test('drops the oldest of all when there are too many, stalled handshakes too', async (t) => {
  const port = await SharedPort.open(t, { maxPending: 2 });
  const stalled = await port.connect(Buffer.from([22, 3, 1, 2, 0, 1, 0]));
  await port.events.next(({ kind }) => kind === 'sniffed');
  await port.connect('G');
  const secure = await port.connectTls({ ALPNProtocols: ['h2'] });
  await hungUp(stalled);
  t.match(await port.handed.next(), { kind: 'http2', info: { remotePort: secure.localPort } });
});

t.test('close() lets what is undecided go on; destroy() ends it', async (t) => {
  const port = await SharedPort.open(t);
  const undecided = await port.connect('G');
  await port.events.next(({ kind }) => kind === 'accepted');
  const closing = port.demuxer.close();
  const late = await port.connect(httpHead);
  await hungUp(late);
  t.match(await port.events.next(({ kind }) => kind === 'refused'), { kind: 'refused' });
  undecided.write('ET / HTTP/1.1\r\n\r\n');
  t.match(await port.handed.next(), { kind: 'plain-http' });
  await closing;
  t.equal(await port.demuxer.closed, 'closed');

  const other = await SharedPort.open(t);
  const client = await other.connect('G');
  await other.events.next(({ kind }) => kind === 'accepted');
  other.demuxer.destroy('over');
  await hungUp(client);
  t.equal(await other.demuxer.closed, 'over');
});

t.test('a handler that throws ends its own connection only', async (t) => {
  const error = new Error('no');
  const fail = (): void => {
    throw error;
  };
  const handlers = { onSsh: fail, onHttp: fail, onHttp2: fail, onPlainHttp: fail };
  const port = await SharedPort.open(t, { handlers });
  for (const bytes of [sshIdent, httpHead]) {
    const client = await port.connect(bytes);
    await hungUp(client);
    t.same(await port.events.next(({ kind }) => kind === 'failed'), { kind: 'failed', error });
  }
});

t.test('a listener for one thing does not look at the bytes', async (t) => {
  const ssh = await SharedPort.open(t, { expected: 'ssh' });
  const client = await ssh.connect();
  const handed = await ssh.handed.next();
  t.equal(handed.kind, 'ssh', 'without waiting');
  client.write('anything');
  t.equal(await take(handed.socket, 8), 'anything');
  const http = await SharedPort.open(t, { expected: 'http' });
  await http.connect(sshIdent);
  t.equal((await http.handed.next()).kind, 'plain-http');
});

t.test('PROXY headers from a trusted network', async (t) => {
  const proxyNetworks = parseNetworks(['127.0.0.0/8']);
  const port = await SharedPort.open(t, { proxyNetworks });
  const v1 = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n');
  const v2 = proxyV2({
    source: '2001:db8::7',
    destination: '::1',
    sourcePort: 4712,
    port: 443,
    tlvBytes: 40,
  });
  const cases = [
    [v1, { remoteAddress: '192.0.2.1', remotePort: 4711, localPort: port.port, viaProxy: true }],
    [v2, { remoteAddress: '2001:db8::7', remotePort: 4712, viaProxy: true }],
    [Buffer.from('PROXY UNKNOWN\r\n'), { remoteAddress: '127.0.0.1', viaProxy: false }],
    [proxyV2({ command: 0x20, family: 0 }), { remoteAddress: '127.0.0.1', viaProxy: false }],
    [Buffer.alloc(0), { remoteAddress: '127.0.0.1', viaProxy: false }],
  ] as const;
  for (const [header, info] of cases) {
    await port.connect(Buffer.concat([header, Buffer.from(httpHead)]));
    const together = await port.handed.next();
    t.match(together, { kind: 'plain-http', info });
    t.equal(await take(together.socket, httpHead.length), httpHead);

    const client = await port.connect();
    for (const byte of header) await writeAlone(client, byte);
    client.write(sshIdent);
    const apart = await port.handed.next();
    t.match(apart, { kind: 'ssh', info });
    t.equal(await take(apart.socket, sshIdent.length), sshIdent);
  }
});

t.test('a PROXY header before TLS', async (t) => {
  const port = await SharedPort.open(t, { proxyNetworks: parseNetworks(['127.0.0.1']) });
  const socket = await port.connect('PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n');
  const client = await port.connectTls({ socket, ALPNProtocols: ['http/1.1'] });
  client.write(httpHead);
  const { kind, info, socket: handed } = await port.handed.next();
  t.equal(kind, 'http');
  t.match(info, { remoteAddress: '192.0.2.1', remotePort: 4711, secure: true, viaProxy: true });
  t.equal(await take(handed, httpHead.length), httpHead);
});

t.test('PROXY headers that are wrong or cut off', async (t) => {
  const port = await SharedPort.open(t, { proxyNetworks: parseNetworks(['127.0.0.1']), ...unhurried });
  const why = async (): Promise<unknown> => port.events.next(lost);
  await port.connect('PROXY TCP4 here there 1 2\r\n');
  t.match(await why(), { why: 'bad-proxy-header' });
  (await port.connect('PROXY TCP4 192')).end();
  t.match(await why(), { why: 'ended' });
  await port.connect('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nPROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n');
  t.match(await why(), { why: 'garbage' }, 'only one header');
});

t.test('PROXY headers that come late, and what comes late behind them', async (t) => {
  const proxyNetworks = parseNetworks(['127.0.0.1']);
  const port = await SharedPort.open(t, { proxyNetworks, ...unhurried, sniffTimeoutMs: 40 });
  const why = async (): Promise<unknown> => port.events.next(lost);
  await port.connect('PROXY TCP4 192');
  t.match(await why(), { why: 'late' });
  await port.connect('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGE');
  t.match(await why(), { why: 'late' }, 'one deadline for both');
});

t.test('silence behind a trusted proxy, with and without a header', async (t) => {
  const proxyNetworks = parseNetworks(['127.0.0.1']);
  const port = await SharedPort.open(t, { proxyNetworks, silenceMs: 400 });
  await port.connect();
  t.match(await port.handed.next(), { kind: 'ssh', info: { viaProxy: false } });
  await port.connect('PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n');
  t.match(await port.handed.next(), { kind: 'ssh', info: { remoteAddress: '192.0.2.1' } });
  const http = await SharedPort.open(t, { proxyNetworks, silenceMs: 20, expected: 'http' });
  await http.connect();
  t.match(await http.handed.next(), { kind: 'plain-http' });
});

t.test('limits the sources behind a trusted proxy, not the proxy', async (t) => {
  const proxyNetworks = parseNetworks(['127.0.0.1']);
  const port = await SharedPort.open(t, { proxyNetworks, maxPendingPerSource: 1 });
  const from = (source: string): Promise<Socket> => port.connect(`PROXY TCP4 ${source} 192.0.2.9 1 2\r\nG`);
  const proxied = (): Promise<DemuxerEvent> => port.events.next(({ kind }) => kind === 'proxied');
  const first = await from('192.0.2.1');
  await proxied();
  await from('192.0.2.2');
  await proxied();
  t.equal(port.demuxer.pending, 2);
  await from('192.0.2.1');
  await hungUp(first);
  t.equal(port.demuxer.pending, 2);
});

t.test('an IPv6 listener tells IPv4 addresses as such, and trusts them by their IPv4 networks', async (t) => {
  const port = await SharedPort.open(t, { host: '::', proxyNetworks: parseNetworks(['127.0.0.0/8']) });
  const socket = connect({ host: '127.0.0.1', port: port.port });
  t.teardown(() => socket.destroy());
  socket.write(`PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n${httpHead}`);
  t.match(await port.handed.next(), { info: { remoteAddress: '192.0.2.1' } });
  const plain = connect({ host: '127.0.0.1', port: port.port });
  t.teardown(() => plain.destroy());
  plain.write(httpHead);
  t.match(await port.handed.next(), { info: { remoteAddress: '127.0.0.1' } });
});

t.test(
  'of a source that may not log in, what offers only SSH ends before its handshake; visitors are served',
  async (t) => {
    const asked: string[] = [];
    const port = await SharedPort.open(t, {
      proxyNetworks: parseNetworks(['127.0.0.1']),
      isBlocked: (address) => {
        asked.push(address);
        return address === '192.0.2.66';
      },
    });
    const from = async (source: string): Promise<Socket> =>
      port.connect(`PROXY TCP4 ${source} 192.0.2.9 1 2\r\n`);
    const secure = (socket: Socket, ...alpn: string[]): TLSSocket => {
      const secured = tlsConnect({ socket, ALPNProtocols: alpn, rejectUnauthorized: false });
      t.teardown(() => secured.destroy());
      return secured.on('error', () => undefined);
    };
    const machine = secure(await from('192.0.2.66'), 'ssh');
    await hungUp(machine);
    t.ok(await port.events.next(({ kind }) => kind === 'penalised'));
    t.notOk(port.events.all.some(({ kind }) => kind === 'secured'));
    t.equal(port.demuxer.pending, 0);
    secure(await from('192.0.2.66'), 'h2', 'http/1.1');
    t.match(await port.handed.next(), { kind: 'http2', info: { remoteAddress: '192.0.2.66' } });
    t.same(asked, ['192.0.2.66'], 'nobody asks about visitors');
    secure(await from('192.0.2.1'), 'ssh');
    t.match(await port.handed.next(), { kind: 'ssh', info: { remoteAddress: '192.0.2.1' } });
  },
);
