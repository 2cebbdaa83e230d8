import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { WireReader, wireString, wireUint32 } from '../../core/ssh-wire.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

export interface AgentKey {
  readonly blob: Buffer;
  /** In SSH's form, with the algorithm's name. */
  sign(data: Buffer): Buffer;
}

/** Messages of draft-ietf-sshm-ssh-agent. */
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const failure = 5;

/**
 * An SSH agent for the real `ssh`, which signs as the test wants: with the keys of FIDO devices that are none. Gives the path of its
 * socket.
 */
export async function startMadeUpAgent(t: TestScope, keys: readonly AgentKey[]): Promise<string> {
  const path = join(scratchDir(t), 'agent');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    answerRequests(socket, keys);
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

function answerRequests(socket: Socket, keys: readonly AgentKey[]): void {
  let unread: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE()) {
      const end = 4 + unread.readUInt32BE();
      socket.write(wireString(answerTo(unread.subarray(4, end), keys)));
      unread = unread.subarray(end);
    }
  });
}

function answerTo(request: Buffer, keys: readonly AgentKey[]): Buffer {
  const reader = new WireReader(request);
  const message = reader.byte();
  if (message === requestIdentities) {
    const list = keys.flatMap(({ blob }) => [wireString(blob), wireString('token')]);
    return Buffer.concat([Buffer.of(identitiesAnswer), wireUint32(keys.length), ...list]);
  }
  const blob = reader.string();
  const key = message === signRequest ? keys.find((each) => each.blob.equals(blob)) : undefined;
  if (key === undefined) return Buffer.of(failure);
  return Buffer.concat([Buffer.of(signResponse), wireString(key.sign(reader.string()))]);
}
