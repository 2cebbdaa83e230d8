import { once } from 'node:events';
import ssh2 from 'ssh2';
import t from 'tap';
import { letPresent, PresentedKeyAgent } from '../../client/presented-key.ts';
import { wireString } from '../../core/ssh-wire.ts';
import { startSshGateway } from '../support/ssh-gateway.ts';
import { makeKey } from '../support/ssh-keys.ts';

const key = makeKey(t);

function signer(): (data: Buffer) => Promise<Buffer> {
  const parsed = ssh2.utils.parseKey(key.privateKey);
  if (parsed instanceof Error) throw parsed;
  return (data) => {
    const signature = parsed.sign(data);
    if (signature instanceof Error) throw signature;
    return Promise.resolve(Buffer.concat([wireString('ssh-ed25519'), wireString(signature)]));
  };
}

function logIn(port: number, sign: (data: Buffer) => Promise<Buffer>): ssh2.Client {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  const agent = new PresentedKeyAgent({ algorithm: 'ssh-ed25519', blob: key.blob, sign });
  client.connect({
    host: '127.0.0.1',
    port,
    username: 'pr-1',
    // The types know agents only by their socket.
    authHandler: [{ type: 'agent', username: 'pr-1', agent } as unknown as ssh2.AuthenticationType],
  });
  letPresent(client);
  return client;
}

t.test('what is presented logs in with the signature as it is', async (t) => {
  const { port } = await startSshGateway(t);
  const client = logIn(port, signer());
  t.teardown(() => client.end());
  await once(client, 'ready');
});

t.test('one that cannot sign is no login, and no crash', async (t) => {
  const { port } = await startSshGateway(t);
  for (const sign of [
    () => Promise.reject(new Error('gone')),
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what it rejects with is not ours
    () => Promise.reject('gone'),
    () => Promise.resolve(Buffer.from('nonsense')),
  ]) {
    const client = logIn(port, sign);
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    await new Promise<void>((resolve) => void client.once('close', () => resolve()));
    t.ok(errors.length > 0);
  }
});

t.test('other keys log in as ever', async (t) => {
  const { port } = await startSshGateway(t);
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ host: '127.0.0.1', port, username: 'pr-1', privateKey: key.privateKey });
  letPresent(client);
  t.teardown(() => client.end());
  await once(client, 'ready');
});
