import t from 'tap';
import { sendBanner } from '../../../server/ssh/banner.ts';
import { openssh } from '../../support/openssh.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';

/** ssh2's packet writer, with the packets that were sent. */
function fakeConnection(kexinit?: Buffer) {
  const sent: Buffer[] = [];
  const protocol = {
    _kexinit: kexinit,
    _packetRW: {
      write: {
        allocStart: 5,
        alloc: (size: number) => Buffer.alloc(5 + size),
        finalize: (packet: Buffer) => packet.subarray(5),
      },
    },
    _cipher: { encrypt: (packet: Buffer) => sent.push(packet) },
  };
  return { connection: { _protocol: protocol } as never, sent };
}

t.test('SSH_MSG_USERAUTH_BANNER as RFC 4252 section 5.4 has it, in UTF-8 with CR LF', (t) => {
  const { connection, sent } = fakeConnection();
  sendBanner(connection, 'grüße\nline\r\n');
  const text = Buffer.from('grüße\r\nline\r\n');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  t.same(sent, [Buffer.concat([Buffer.from([53]), length, text, Buffer.alloc(4)])]);
  t.end();
});

t.test('none during a key exchange: a packet of the wrong kind would end the connection', (t) => {
  const { connection, sent } = fakeConnection(Buffer.alloc(1));
  sendBanner(connection, 'text');
  t.same(sent, []);
  t.end();
});

t.test('the user of `ssh -N` sees it', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key: makeKey(t), args: ['-N', '-R', '80:localhost:3000'] });
  await ssh.said(/porthole: pr-1 is at https:\/\/pr-1\.preview\.test\//);
  await ssh.said(/share https:\/\/pr-1\.preview\.test\/\?share=/);
  await gateway.forward('pr-1');
  t.equal(ssh.stdout, '');
});
