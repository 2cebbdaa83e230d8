import { randomFillSync } from 'node:crypto';
import type { Connection } from 'ssh2';

/** SSH_MSG_KEXINIT, RFC 4253 section 7.1: the type, a cookie, ten name-lists, five bytes more. */
const messageKexinit = 20;
const kexinitHeadBytes = 17;
const kexinitTailBytes = 5;
const cipherLists = [2, 3];
/** A client that waits for our KEXINIT before it sends its own gets it after this time. */
const patienceMs = 250;

interface NameList {
  readonly array: readonly string[];
}

interface Offer {
  readonly lists: {
    readonly kex: NameList;
    readonly serverHostKey: NameList;
    readonly cs: {
      readonly cipher: NameList;
      readonly mac: NameList;
      readonly compress: NameList;
      readonly lang: NameList;
    };
  };
  readonly totalSize: number;
  copyAllTo(target: Buffer, at: number): void;
}

interface HandshakeProtocol {
  _offer: Offer;
  _kexinit: Buffer | undefined;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _decipher: { _onPayload: (payload: Buffer) => unknown };
  readonly _packetRW: {
    readonly write: {
      allocStartKEX: number;
      alloc(bytes: number, force: true): Buffer;
      finalize(packet: Buffer, force: true): Buffer;
    };
  };
}

const gcmOffers = new WeakMap<Offer, Offer>();

/**
 * Has a client that knows AES-GCM use it. In SSH the client's order counts, and OpenSSH prefers CTR with a MAC of its own, which costs
 * both sides more. So our KEXINIT waits for the client's, which does not wait for ours, and offers CTR only to those that need it.
 * To be called when the client's identification has arrived, before ssh2 answers it.
 */
export function preferGcm(connection: Connection): void {
  const protocol = (connection as unknown as { _protocol: HandshakeProtocol })._protocol;
  const { _cipher: cipher, _decipher: decipher } = protocol;
  let held: Buffer | undefined;
  const timer = setTimeout(release, patienceMs);
  timer.unref();
  function release(): void {
    clearTimeout(timer);
    // What ssh2's class does shows again.
    Reflect.deleteProperty(cipher, 'encrypt');
    const packet = held;
    held = undefined;
    if (packet !== undefined) cipher.encrypt(packet);
  }
  cipher.encrypt = (packet) => {
    if (held === undefined) {
      held = packet;
      return;
    }
    // Something else is to be said first, such as goodbye.
    release();
    cipher.encrypt(packet);
  };
  const onPayload = decipher._onPayload;
  decipher._onPayload = (payload) => {
    decipher._onPayload = onPayload;
    if (held !== undefined && payload[0] === messageKexinit && knowsGcm(payload))
      held = offerGcmAlone(protocol);
    release();
    return onPayload(payload);
  };
}

/** Whether a KEXINIT names AES-GCM for both directions. Nothing is made of one that is malformed: ssh2 refuses it. */
export function knowsGcm(kexinit: Buffer): boolean {
  let at = kexinitHeadBytes;
  let found = 0;
  for (let list = 0; list <= Math.max(...cipherLists); list += 1) {
    if (at + 4 > kexinit.length) return false;
    const end = at + 4 + kexinit.readUInt32BE(at);
    if (end > kexinit.length) return false;
    if (
      cipherLists.includes(list) &&
      kexinit
        .toString('latin1', at + 4, end)
        .split(',')
        .some(isGcm)
    )
      found += 1;
    at = end;
  }
  return found === cipherLists.length;
}

function isGcm(cipher: string): boolean {
  return cipher === 'aes128-gcm@openssh.com' || cipher === 'aes256-gcm@openssh.com';
}

/** Replaces the KEXINIT that ssh2 has made, and gives its packet. */
function offerGcmAlone(protocol: HandshakeProtocol): Buffer {
  const offer = gcmOffers.get(protocol._offer) ?? gcmOffer(protocol._offer);
  gcmOffers.set(protocol._offer, offer);
  protocol._offer = offer;
  const kexinit = Buffer.alloc(kexinitHeadBytes + offer.totalSize + kexinitTailBytes);
  kexinit[0] = messageKexinit;
  randomFillSync(kexinit, 1, kexinitHeadBytes - 1);
  offer.copyAllTo(kexinit, kexinitHeadBytes);
  protocol._kexinit = kexinit;
  const { write } = protocol._packetRW;
  const packet = write.alloc(kexinit.length, true);
  packet.set(kexinit, write.allocStartKEX);
  return write.finalize(packet, true);
}

function gcmOffer({ lists, constructor }: Offer): Offer {
  const { cipher, mac, compress, lang } = lists.cs;
  const each = {
    cipher: cipher.array.filter(isGcm),
    mac: mac.array,
    compress: compress.array,
    lang: lang.array,
  };
  const KexInit = constructor as new (lists: unknown) => Offer;
  return new KexInit({ kex: lists.kex.array, serverHostKey: lists.serverHostKey.array, cs: each, sc: each });
}
