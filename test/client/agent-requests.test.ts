import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { listAgentEntries, signWithAgent } from '../../client/agent-requests.ts';
import { wireString, wireUint32 } from '../../core/ssh-wire.ts';
import { verifySignature } from '../../server/identity/signature.ts';
import { signKey } from '../support/certificates.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { startSshAgent } from '../support/ssh-agent.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('an agent lists certificates, and signs by them', async (t) => {
  const agent = await startSshAgent(t);
  t.same(await listAgentEntries(agent.socket), []);
  const keys = [
    makeKey(t),
    makeKey(t, { type: 'rsa', bits: 2048 }),
    makeKey(t, { type: 'ecdsa', bits: 384 }),
  ];
  const data = Buffer.from('data');
  for (const key of keys) {
    const signed = signKey(t, makeKey(t), key);
    agent.add(signed.path);
    const entries = await listAgentEntries(agent.socket);
    t.ok(entries.some(({ blob }) => blob.equals(signed.certificate)));
    t.ok(entries.some(({ blob }) => blob.equals(key.blob)));
    const signature = await signWithAgent(agent.socket, signed.certificate, data);
    t.match(verifySignature({ key, signature, data }), { ok: true });
  }
  await t.rejects(signWithAgent(agent.socket, makeKey(t).blob, data), /did not sign/);
});

/** Something that listens where an agent should, and answers the same to everything. */
async function answering(t: TestScope, answer: Buffer | undefined): Promise<string> {
  const path = join(scratchDir(t), 'agent.sock');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (answer === undefined) socket.destroy();
    else socket.write(answer);
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
  });
  return path;
}

t.test('nothing comes of what is no agent', async (t) => {
  const answers = [
    undefined,
    wireString(''),
    wireString(Buffer.from([5])),
    wireString(Buffer.concat([Buffer.from([12]), wireUint32(7)])),
    wireString(Buffer.concat([Buffer.from([12]), wireUint32(1), wireUint32(99)])),
    wireUint32(2 ** 31),
  ];
  for (const answer of answers) {
    const path = await answering(t, answer);
    t.same(await listAgentEntries(path), []);
    await t.rejects(signWithAgent(path, Buffer.alloc(1), Buffer.alloc(1)));
  }
  t.same(await listAgentEntries(join(scratchDir(t), 'none')), []);
});
