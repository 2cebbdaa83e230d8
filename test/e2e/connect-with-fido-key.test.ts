import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { WireReader, wireString, wireUint32 } from '../../core/ssh-wire.ts';
import { loggedInAs, startWithAuthority } from '../support/certificate-gateway.ts';
import { nextLine, startPublicGateway } from '../support/dial.ts';
import { makeFidoKey, type FidoKey } from '../support/fido-key.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

/** An agent with one FIDO key, as ssh-agent speaks when somebody touches the device (draft-miller-ssh-agent). */
async function startFidoAgent(t: TestScope, key: FidoKey): Promise<string> {
  const path = join(scratchDir(t), 'agent');
  const listing = [Buffer.of(12), wireUint32(1), wireString(key.blob), wireString('token')];
  const answerTo = (request: Buffer): Buffer => {
    const reader = new WireReader(request);
    if (reader.byte() === 11) return Buffer.concat(listing);
    reader.string();
    return Buffer.concat([Buffer.of(14), wireString(key.sign(reader.string()))]);
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(wireString(answerTo(bytes.subarray(4)))));
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
  });
  return path;
}

t.test("the client logs in with the agent's FIDO keys", async (t) => {
  const { gateway, keysFile } = await startPublicGateway(t);
  const app = await startTextApp(t, 'served');
  for (const [index, kind] of (['ed25519', 'ecdsa'] as const).entries()) {
    const key = makeFidoKey(t, kind);
    const read = nextLine(gateway, (line) => line.msg === 'authorized keys read again');
    appendFileSync(keysFile, `${key.line}\n`);
    await read;
    const agent = await startFidoAgent(t, key);
    const args = ['connect', `pr-${String(index)}`, String(app.port), ...reaching(gateway), '--json'];
    const client = porthole(t, [...args, '--identity', key.path], { env: { SSH_AUTH_SOCK: agent } });
    const [url = ''] = await urlsOf(client);
    t.equal((await visit(gateway, url)).body, 'served');
    client.kill();
    t.equal((await client.exit).code, 0);
  }
});

t.test('and with certificates for them', async (t) => {
  const { gateway, authority, app } = await startWithAuthority(t);
  const key = makeFidoKey(t);
  const words = ['-q', '-s', authority.path, '-I', 'ana', '-n', 'env:pr-*', key.path];
  execFileSync('ssh-keygen', words, { stdio: 'pipe' });
  const agent = await startFidoAgent(t, key);
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '--json', '--identity', key.path];
  const client = porthole(t, args, { env: { SSH_AUTH_SOCK: agent } });
  await urlsOf(client);
  t.equal(await loggedInAs(gateway, 'pr-1'), 'cert:ana');
  client.kill();
  await client.exit;
});
