import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import ssh2, { type ClientChannel } from 'ssh2';
import t from 'tap';
import { keyId } from '../../core/names.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { machineToken, preevyBasic } from '../support/machine-token.ts';
import { startApp } from '../support/recording-app.ts';
import type { TestScope } from '../support/scope.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t, ['--hold', '0s']);
const { gateway, key } = server;
const port = String(gateway.port);

interface Hello {
  readonly clientId: string;
  readonly tunnels: Readonly<Record<string, string>>;
  readonly rootUrl: string;
  readonly baseUrl: { readonly hostname: string; readonly port: string; readonly protocol: string };
}

/** A client that dials in and asks as Preevy's agent does. */
class PreevyClient {
  readonly ssh = new ssh2.Client();
  /** Socket path as asked for, to the port of the app. */
  readonly #forwards = new Map<string, number>();

  static async connect(t: TestScope, options: { tls: boolean }): Promise<PreevyClient> {
    const client = new PreevyClient();
    t.teardown(() => client.ssh.destroy());
    const at = { host: '127.0.0.1', port: gateway.port };
    const sock = options.tls
      ? connectTls({ ...at, servername: 'localhost', ca: gateway.ca, ALPNProtocols: ['ssh'] })
      : connectTcp(at);
    sock.on('error', () => undefined);
    if (options.tls) await once(sock, 'secureConnect');
    const ready = once(client.ssh, 'ready');
    client.ssh.connect({
      sock,
      username: 'env1',
      privateKey: key.privateKey,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 3,
    });
    await ready;
    client.#serve();
    return client;
  }

  /** As Preevy does, it does not wait for the answer before it goes on. */
  forward(path: string, appPort: number): Promise<void> {
    this.#forwards.set(path, appPort);
    return new Promise((resolve, reject) => {
      this.ssh.openssh_forwardInStreamLocal(path, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  unforward(path: string): Promise<void> {
    this.#forwards.delete(path);
    return new Promise((resolve) => {
      this.ssh.openssh_unforwardInStreamLocal(path, () => {
        resolve();
      });
    });
  }

  /** Reads an answer until it parses, and closes the channel at that moment. */
  async exec(command: string): Promise<unknown> {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.ssh.exec(command, (error, opened) => {
        if (error) reject(error);
        else resolve(opened);
      });
    });
    let text = '';
    for await (const chunk of channel as AsyncIterable<Buffer>) {
      text += chunk.toString();
      try {
        return JSON.parse(text) as unknown;
      } catch {
        // Not all of it yet.
      }
    }
    throw new Error(`no JSON: ${text}`);
  }

  #serve(): void {
    this.ssh.on('unix connection', ({ socketPath }, accept, reject) => {
      const appPort = this.#forwards.get(socketPath);
      if (appPort === undefined) {
        reject();
        return;
      }
      const channel = accept();
      const local = connectTcp({ host: '127.0.0.1', port: appPort });
      local.on('error', () => channel.close());
      channel.on('error', () => undefined);
      channel.pipe(local).pipe(channel);
      channel.on('close', () => local.destroy());
      local.on('close', () => channel.close());
    });
  }
}

const meta = Buffer.from(JSON.stringify({ service: 'web', port: 3000 })).toString('base64url');
const webPath = `/web-env1-3000#access=private;meta=${meta}`;
const apiPath = '/api-env1-4000#access=public;inject=true';

for (const tls of [true, false]) {
  t.test(`Preevy's client works unchanged, ${tls ? 'inside TLS' : 'in the open'}`, async (t) => {
    const [web, api] = await Promise.all([startApp(t, 'web'), startApp(t, 'api')]);
    const client = await PreevyClient.connect(t, { tls });
    const asked = [client.forward(webPath, web.port), client.forward(apiPath, api.port)];
    const hello = (await client.exec('hello')) as Hello;
    await Promise.all(asked);

    t.equal(hello.clientId, keyId(key.blob));
    t.same(Object.keys(hello.tunnels).sort(), [apiPath, webPath].sort(), 'keyed by what was asked for');
    t.equal(hello.rootUrl, `https://localhost:${port}/`);
    t.same(hello.baseUrl, { hostname: 'localhost', port, protocol: 'https:' });
    t.equal(hello.tunnels[webPath], `https://web-env1-3000--env1.localhost:${port}/`);

    t.equal((await visit(gateway, hello.tunnels[apiPath] ?? '')).body, 'api\n', 'public');
    t.equal((await visit(gateway, hello.tunnels[webPath] ?? '')).status, 401, 'private');
    const authorization = preevyBasic(await machineToken(key));
    const opened = await visit(gateway, hello.tunnels[webPath] ?? '', { headers: { authorization } });
    t.equal(opened.body, 'web\n', "and opened by Preevy's access credentials");

    const urls = (await client.exec('tunnel-url web-env1-3000 api-env1-4000')) as Record<string, string>;
    t.same(urls, {
      'web-env1-3000': hello.tunnels[webPath],
      'api-env1-4000': hello.tunnels[apiPath],
    });

    await client.unforward(apiPath);
    const later = (await client.exec('hello')) as Hello;
    t.same(Object.keys(later.tunnels), [webPath], 'what was withdrawn is gone');
    const gone = await visit(gateway, hello.tunnels[apiPath] ?? '');
    t.equal(gone.headers['porthole-error'], 'ERR_SERVICE_UNKNOWN', 'it was public: its visitors are told');
    t.notMatch(gone.body, /web-env1/, 'but not of what is private');
    client.ssh.end();
    await once(client.ssh, 'close');
  });
}

t.test('many questions on one connection', async (t) => {
  const client = await PreevyClient.connect(t, { tls: true });
  for (let index = 0; index < 20; index += 1) {
    t.match(await client.exec('hello'), { clientId: keyId(key.blob), tunnels: {} });
  }
});
