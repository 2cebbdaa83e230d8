import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { urlsOf } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway, key } = server;
const port = String(gateway.port);
const listening = await gateway.line((line) => line.msg === 'listening');
const hostKey = String(listening['hostKey']);

interface OtherClient {
  readonly name: string;
  /** Runs it with these options before the host, and these words after. */
  start(t: TestScope, env: string, options: readonly string[], command?: readonly string[]): Program;
}

const dropbear: OtherClient = {
  name: 'dbclient',
  start(t, env, options, command = []) {
    const dir = scratchDir(t);
    const converted = join(dir, 'id_dropbear');
    execFileSync('dropbearconvert', ['openssh', 'dropbear', key.path, converted], { stdio: 'pipe' });
    const fixed = ['-y', '-T', '-i', converted, '-p', port];
    return new Program(t, 'dbclient', [...fixed, ...options, `${env}@127.0.0.1`, ...command], {
      env: { HOME: dir },
    });
  },
};

const putty: OtherClient = {
  name: 'plink',
  start(t, env, options, command = []) {
    const dir = scratchDir(t);
    const ppk = join(dir, 'id.ppk');
    execFileSync('puttygen', [key.path, '-O', 'private', '-o', ppk], { stdio: 'pipe' });
    const fixed = ['-batch', '-ssh', '-hostkey', hostKey, '-i', ppk, '-P', port];
    return new Program(t, 'plink', [...fixed, ...options, `${env}@127.0.0.1`, ...command], {
      env: { HOME: dir },
    });
  },
};

for (const client of [dropbear, putty]) {
  t.test(`${client.name} offers services, and its session shows the URLs`, async (t) => {
    const [app, web] = await Promise.all([startApp(t, 'app'), startApp(t, 'web')]);
    const session = client.start(t, `${client.name}-1`, [
      ...['-R', `80:127.0.0.1:${String(app.port)}`],
      ...['-R', `web:8080:127.0.0.1:${String(web.port)}`],
    ]);
    await session.said(/Requests appear below/);
    const [own = '', service = ''] = urlsOf(session);
    t.equal((await visit(gateway, own)).body, 'app\n');
    t.equal((await visit(gateway, service)).body, 'web\n');
  });

  t.test(`${client.name} -N shows the banner, and the URL answers`, async (t) => {
    const env = `${client.name}-2`;
    const app = await startApp(t, 'app');
    const quiet = client.start(t, env, ['-N', '-R', `80:127.0.0.1:${String(app.port)}`]);
    const [, url = ''] = await quiet.said(/is at (https:\S+)/);
    await gateway.line((line) => line.msg === 'forward added' && line['env'] === env);
    t.equal((await visit(gateway, url)).body, 'app\n');
  });

  t.test(`${client.name} runs commands`, async (t) => {
    const hello = client.start(t, `${client.name}-3`, [], ['hello']);
    t.same(await hello.exit, { code: 0, signal: null });
    t.match(JSON.parse(hello.stdout), { env: `${client.name}-3`, rootUrl: `https://localhost:${port}/` });
    const unknown = client.start(t, `${client.name}-3`, [], ['make-coffee']);
    t.equal((await unknown.exit).code, 2);
  });

  t.test(`${client.name} moves large bodies both ways`, async (t) => {
    const size = 5_000_000;
    const app = await startApp(t, 'app', (request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () =>
        response.end(request.method === 'PUT' ? String(bytes) : Buffer.alloc(size, 'x')),
      );
    });
    const env = `${client.name}-4`;
    client.start(t, env, ['-N', '-R', `80:127.0.0.1:${String(app.port)}`]);
    await gateway.line((line) => line.msg === 'forward added' && line['env'] === env);
    const host = `${env}.localhost`;
    t.equal((await visit(gateway, host, { method: 'PUT', body: Buffer.alloc(size) })).body, String(size));
    t.equal((await visit(gateway, host)).body.length, size);
  });
}
