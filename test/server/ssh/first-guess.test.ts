import type { Connection } from 'ssh2';
import t from 'tap';
import { heedRightGuess, isRightGuess } from '../../../server/ssh/first-guess.ts';

function nameList(names: readonly string[]): Buffer {
  const text = Buffer.from(names.join(','));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

function kexinit(kex: readonly string[], hostKey: readonly string[]): Buffer {
  return Buffer.concat([Buffer.alloc(17), nameList(kex), nameList(hostKey), nameList(['aes128-ctr'])]);
}

const curve = ['curve25519-sha256', 'curve25519-sha256@libssh.org'];
const right = kexinit(curve, ['ssh-ed25519', 'rsa-sha2-256']);
const wrong = kexinit(['ecdh-sha2-nistp256', ...curve], ['ssh-ed25519']);

t.test('a guess is right if it names what this server prefers', async (t) => {
  t.equal(isRightGuess(right), true);
  t.equal(isRightGuess(wrong), false);
  t.equal(isRightGuess(kexinit(curve.toReversed(), ['ssh-ed25519'])), false, 'another name for the same');
  t.equal(isRightGuess(kexinit(curve, ['rsa-sha2-256', 'ssh-ed25519'])), false, 'another host key');
  t.equal(isRightGuess(kexinit([], [])), false);
});

t.test('only the packet behind a wrong guess is dropped', async (t) => {
  const protocol = {
    _skipNextInboundPacket: false,
    _kex: { _remoteKexinit: right as Buffer | undefined },
  };
  heedRightGuess({ _protocol: protocol } as unknown as Connection);
  t.equal(protocol._skipNextInboundPacket, false, 'no guess');
  protocol._skipNextInboundPacket = true;
  t.equal(protocol._skipNextInboundPacket, false, 'a right guess');
  protocol._kex._remoteKexinit = wrong;
  t.equal(protocol._skipNextInboundPacket, false, 'and nothing of it is left for the next key exchange');
  protocol._skipNextInboundPacket = true;
  t.equal(protocol._skipNextInboundPacket, true, 'a wrong guess');
  protocol._skipNextInboundPacket = true;
  protocol._kex._remoteKexinit = undefined;
  t.equal(protocol._skipNextInboundPacket, false, 'a key exchange that is over');
});
