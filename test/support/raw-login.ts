import type { ConnectConfig } from 'ssh2';
import { wireString } from '../../core/ssh-wire.ts';
import { startDialling, type Machine } from './machine.ts';
import type { TestScope } from './scope.ts';

/** One request to log in by public key, whatever is right or wrong with it. */
export interface RawLogin {
  readonly user?: string;
  readonly algorithm: string;
  /** The key, or the certificate. */
  readonly blob: Uint8Array;
  /** Of the bytes that the client must sign; without it the client only asks. */
  readonly sign?: (data: Buffer) => Buffer;
}

interface RawProtocol {
  readonly _kex: { readonly sessionID: Buffer };
  readonly _authsQueue: string[];
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

/**
 * Sends requests to log in (RFC 4252, section 7) in place of ssh2's own, each when the one before it was answered; then gives the answers: of
 * those that only ask, `may try` or `refused`, of those with a signature `in` or `refused`. A connection that is ended says `closed`.
 */
export async function logInRaw(t: TestScope, port: number, logins: readonly RawLogin[]): Promise<string[]> {
  const start = Promise.withResolvers<undefined>();
  const machine = startDialling(t, port, { config: takenOver(() => start.resolve(undefined)) });
  const answers: string[] = [];
  void machine.closed.then(() => start.resolve(undefined));
  await start.promise;
  for (const login of logins) {
    const answered = answerOf(machine);
    send(machine, login);
    answers.push(await answered);
  }
  machine.socket.destroy();
  return answers;
}

function answerOf(machine: Machine): Promise<string> {
  const handlers = machine.protocol._handlers as Record<string, unknown>;
  return Promise.race([
    new Promise<string>((resolve) => {
      handlers['USERAUTH_SUCCESS'] = () => {
        resolve('in');
      };
      handlers['USERAUTH_FAILURE'] = () => {
        resolve('refused');
      };
      handlers['USERAUTH_PK_OK'] = () => {
        resolve('may try');
      };
    }),
    machine.closed.then(() => 'closed'),
  ]);
}

function send(machine: Machine, { user = 'pr-1', algorithm, blob, sign }: RawLogin): void {
  const protocol = machine.protocol as unknown as RawProtocol;
  const words = [user, 'ssh-connection', 'publickey'].map(wireString);
  const head = Buffer.concat([
    Buffer.of(50),
    ...words,
    Buffer.of(sign === undefined ? 0 : 1),
    wireString(algorithm),
    wireString(blob),
  ]);
  const signature = sign?.(Buffer.concat([wireString(protocol._kex.sessionID), head]));
  const payload = signature === undefined ? head : Buffer.concat([head, wireString(signature)]);
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(payload.length);
  packet.set(payload, writer.allocStart);
  // ssh2 remembers what it has asked for.
  protocol._authsQueue.push('publickey');
  protocol._cipher.encrypt(writer.finalize(packet));
}

/** ssh2's client does nothing of its own once it may log in. */
function takenOver(onReady: () => void): ConnectConfig {
  return { authHandler: onReady };
}
