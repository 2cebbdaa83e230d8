import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createServer as createHttp2Server } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { parseNetworks } from '../../tls/networks.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { until } from '../support/until.ts';
import { SharedPort } from './shared-port.ts';
import { take } from './socket-waits.ts';

/** Answers every HTTP connection that is handed on, with how it came. */
function answer(t: TestScope, port: SharedPort): void {
  const reply = (
    { httpVersion, url }: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void => {
    response.end(`HTTP/${httpVersion} ${url ?? ''}`);
  };
  const http = createHttpServer(reply);
  const http2 = createHttp2Server(reply);
  t.teardown(() => {
    http.closeAllConnections();
  });
  const serve = async (): Promise<never> => {
    for (;;) {
      const { kind, socket } = await port.handed.next(({ kind }) => kind !== 'ssh');
      (kind === 'http2' ? http2 : http).emit('connection', socket);
    }
  };
  void serve();
}

async function curl(t: TestScope, port: SharedPort, args: readonly string[], url: string): Promise<string> {
  const fixed = ['--silent', '--show-error', '--max-time', '20', '--noproxy', '*', '--cacert', port.caFile];
  const program = new Program(t, 'curl', [...fixed, ...args, url]);
  await program.exit;
  return program.stdout + program.stderr;
}

t.test('curl', async (t) => {
  const port = await SharedPort.open(t);
  answer(t, port);
  const at = (host: string): string => `${host}:${String(port.port)}/path`;
  t.equal(await curl(t, port, [], `http://${at('localhost')}`), 'HTTP/1.1 /path');
  t.equal(await curl(t, port, ['--http1.1'], `https://${at('localhost')}`), 'HTTP/1.1 /path');
  t.equal(await curl(t, port, ['--http2'], `https://${at('127.0.0.1')}`), 'HTTP/2.0 /path');
  t.equal(await curl(t, port, ['--no-alpn', '--http1.0'], `https://${at('localhost')}`), 'HTTP/1.0 /path');
  const resolve = ['--resolve', `web--pr-42.localhost:${String(port.port)}:127.0.0.1`];
  t.equal(await curl(t, port, resolve, `https://${at('web--pr-42.localhost')}`), 'HTTP/2.0 /path');
  t.match(
    await curl(t, port, ['--tlsv1.1', '--tls-max', '1.1'], `https://${at('localhost')}`),
    /curl: \(35\)/,
  );
});

t.test('SSH clients, raw and through wrappers', async (t) => {
  const port = await SharedPort.open(t, { silenceMs: 1_000 });
  const number = String(port.port);
  const secureWrapper = `openssl s_client -quiet -verify_quiet -connect 127.0.0.1:${number} -CAfile ${port.caFile}`;
  const ssh = [
    '-F',
    '/dev/null',
    '-p',
    number,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
  ];
  const clients: readonly (readonly [string, readonly string[], boolean])[] = [
    ['ssh', [...ssh, 'pr-1@127.0.0.1'], false],
    ['ssh', [...ssh, '-o', `ProxyCommand=${secureWrapper} -alpn ssh`, 'pr-1@localhost'], true],
    ['ssh', [...ssh, '-o', `ProxyCommand=${secureWrapper}`, 'pr-1@localhost'], true],
    ['dbclient', ['-y', '-y', '-p', number, 'pr-1@127.0.0.1'], false],
    ['plink', ['-batch', '-ssh', '-P', number, 'pr-1@127.0.0.1'], false],
  ];
  for (const [file, args, secure] of clients) {
    const program = new Program(t, file, args);
    const handed = await port.handed.next();
    t.match(handed, { kind: 'ssh', info: { secure } }, [file, ...args].join(' '));
    handed.socket.write('SSH-2.0-porthole\r\n');
    t.match((await take(handed.socket, 8)).slice(0, 8), 'SSH-2.0-', file);
    handed.socket.destroy();
    await program.exit;
  }
});

t.test('stunnel', async (t) => {
  const port = await SharedPort.open(t);
  const path = join(scratchDir(t), 'stunnel.conf');
  // Without an address to accept on it speaks on its standard input and output.
  const settings = ['foreground=yes', 'pid=', 'client=yes', `CAfile=${port.caFile}`, 'verifyChain=yes'];
  const service = ['[ssh]', `connect=127.0.0.1:${String(port.port)}`, 'checkHost=localhost', 'sni=localhost'];
  writeFileSync(path, [...settings, ...service.slice(1), ''].join('\n'));
  new Program(t, 'ssh', ['-F', '/dev/null', '-o', `ProxyCommand=stunnel4 ${path}`, 'pr-1@localhost']);
  t.match(await port.handed.next(), { kind: 'ssh', info: { secure: true, servername: 'localhost' } });
});

t.test('HAProxy, with PROXY headers of both versions', async (t) => {
  const port = await SharedPort.open(t, { proxyNetworks: parseNetworks(['127.0.0.1']) });
  answer(t, port);
  const number = String(port.port);
  // The same port at other loopback addresses, which nobody else uses.
  const proxies = [
    ['127.0.0.9', 'send-proxy'],
    ['127.0.0.10', 'send-proxy-v2'],
  ] as const;
  for (const [host, send] of proxies) {
    const timeouts = ['timeout connect 20s', 'timeout client 20s', 'timeout server 20s'];
    const listen = ['listen shared', `bind ${host}:${number}`, `server gateway 127.0.0.1:${number} ${send}`];
    const path = join(scratchDir(t), 'haproxy.cfg');
    writeFileSync(path, ['defaults', 'mode tcp', ...timeouts, ...listen, ''].join('\n'));
    new Program(t, 'haproxy', ['-db', '-f', path]);
    await until('HAProxy listens', () => canConnect(host, port.port));
    const args = ['--interface', '127.0.0.5', '--resolve', `localhost:${number}:${host}`];
    t.equal(await curl(t, port, args, `https://localhost:${number}/path`), 'HTTP/2.0 /path');
    const seen = port.handed.all.find(({ info }) => info.remoteAddress === '127.0.0.5');
    t.match(seen, { kind: 'http2', info: { secure: true, viaProxy: true } }, send);
    port.handed.all.length = 0;
  }
});

async function canConnect(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
