import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { knowsGcm } from '../../../server/ssh/cipher-preference.ts';
import { openssh } from '../../support/openssh.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const key = makeKey(t);
const ctrFirst = 'aes256-ctr,aes128-ctr,aes128-gcm@openssh.com';

/** A KEXINIT with these ciphers from the client and to it. */
function kexinit(toServer: string, toClient: string): Buffer {
  const lists = [
    'curve25519-sha256',
    'ssh-ed25519',
    toServer,
    toClient,
    'hmac',
    'hmac',
    'none',
    'none',
    '',
    '',
  ];
  const body = lists.flatMap((list) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.length);
    return [length, Buffer.from(list)];
  });
  return Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...body, Buffer.alloc(5)]);
}

t.test('AES-GCM counts only if it is named for both directions', async (t) => {
  t.equal(knowsGcm(kexinit(ctrFirst, ctrFirst)), true);
  t.equal(knowsGcm(kexinit('aes256-gcm@openssh.com', ctrFirst)), true);
  t.equal(knowsGcm(kexinit(ctrFirst, 'aes128-ctr')), false);
  t.equal(knowsGcm(kexinit('aes128-ctr', 'chacha20-poly1305@openssh.com')), false);
});

t.test('what is cut short or is no KEXINIT is no reason to fail', async () => {
  const whole = kexinit(ctrFirst, ctrFirst);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: whole.length }),
      (length) => typeof knowsGcm(whole.subarray(0, length)) === 'boolean',
    ),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => typeof knowsGcm(Buffer.from(bytes)) === 'boolean',
    ),
  );
});

t.test('OpenSSH, which prefers CTR, uses GCM', async (t) => {
  const gateway = await startSshGateway(t);
  for (const args of [['-v'], ['-v', '-c', ctrFirst]]) {
    const ssh = openssh(t, { port: gateway.port, key, args, command: ['hello'] });
    t.equal((await ssh.exit).code, 0);
    const chosen = [...ssh.stderr.matchAll(/kex: \S+ cipher: (\S+)/g)].map(([, cipher]) => cipher);
    t.same(chosen, ['aes128-gcm@openssh.com', 'aes128-gcm@openssh.com']);
  }
});

t.test('a client that waits for our KEXINIT gets it', async (t) => {
  const gateway = await startSshGateway(t);
  const socket = connect(gateway.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('SSH-2.0-patient\r\n');
  let received = '';
  while (!received.includes('curve25519-sha256')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received += chunk.toString('latin1');
  }
  t.match(received, /aes128-ctr/);
});
