import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const chunkBytes = 1 << 20;

/** Writes so many bytes that nothing compresses; gives what `digestOf` says of them. */
export async function randomFile(path: string, bytes: number): Promise<string> {
  await pipeline(Readable.from(chunks(bytes)), createWriteStream(path));
  return digestOf(path);
}

/** SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunkBytes) yield randomBytes(Math.min(left, chunkBytes));
}
