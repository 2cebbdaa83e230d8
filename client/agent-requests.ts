import { connect, type Socket } from 'node:net';
import { deadline } from '../core/lifecycle.ts';
import { WireReader, wireString, wireText, wireUint32 } from '../core/ssh-wire.ts';

/** What an agent holds: a public key or a certificate. */
export interface AgentEntry {
  readonly blob: Buffer;
  readonly comment: string;
}

/** Message numbers and flags of draft-miller-ssh-agent. */
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const rsaSha512 = 4;

const listTimeoutMs = 5000;
/** Somebody may have to touch a device, or confirm. */
const signTimeoutMs = 60_000;
/** As in OpenSSH's agent. */
const maxAnswerBytes = 256 * 1024;

/** Everything that the agent holds, certificates and FIDO keys too; nothing when it does not answer. */
export async function listAgentEntries(socketPath: string): Promise<readonly AgentEntry[]> {
  const answer = await ask(socketPath, Buffer.from([requestIdentities]), listTimeoutMs);
  const reader = new WireReader(answer ?? Buffer.alloc(0));
  if (reader.byte() !== identitiesAnswer) return [];
  const entries: AgentEntry[] = [];
  for (let left = reader.uint32(); left > 0 && reader.more; left -= 1)
    entries.push({ blob: reader.string(), comment: wireText(reader.string()) ?? '' });
  return reader.ok ? entries : [];
}

/** A signature with its algorithm's name before it, by what the agent holds under this blob. Rejects when it gives none. */
export async function signWithAgent(socketPath: string, blob: Buffer, data: Buffer): Promise<Buffer> {
  const request = [Buffer.from([signRequest]), wireString(blob), wireString(data), wireUint32(rsaSha512)];
  const answer = await ask(socketPath, Buffer.concat(request), signTimeoutMs);
  const reader = new WireReader(answer ?? Buffer.alloc(0));
  const isSignature = reader.byte() === signResponse;
  const signature = reader.string();
  if (!isSignature || !reader.complete) throw new Error('the SSH agent did not sign');
  return signature;
}

/** Undefined when there is no whole answer in time. */
async function ask(socketPath: string, request: Buffer, timeoutMs: number): Promise<Buffer | undefined> {
  const socket = connect(socketPath);
  socket.on('error', () => socket.destroy());
  socket.write(wireString(request));
  try {
    return await deadline(readAnswer(socket), timeoutMs, () => undefined);
  } finally {
    socket.destroy();
  }
}

function readAnswer(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    socket.on('close', () => resolve(undefined));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const reader = new WireReader(received);
      const length = reader.uint32();
      if (!reader.ok) return;
      if (length > maxAnswerBytes) resolve(undefined);
      else if (received.length >= length + 4) resolve(reader.bytes(length));
    });
  });
}
