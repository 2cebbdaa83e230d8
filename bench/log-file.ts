import { closeSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

const maxBytes = 64 * 1024 * 1024;
const checkMs = 1000;

/** A descriptor of the file at its end, for appending: a writer goes on at the new end once the file is emptied. */
export function openLog(path: string): number {
  return openSync(path, 'a');
}

/** Empties a log whenever it has become large, until the result is called. */
export function keepSmall(path: string): () => void {
  const timer = setInterval(() => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > maxBytes) truncateSync(path);
  }, checkMs).unref();
  return () => clearInterval(timer);
}

/** The last bytes of a file, as text. */
export function endOf(path: string, bytes: number): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    return buffer.toString('utf8', 0, readSync(fd, buffer, { position: size - buffer.length }));
  } finally {
    closeSync(fd);
  }
}
