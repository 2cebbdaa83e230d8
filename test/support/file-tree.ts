import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** All that lies in a directory, as lines: path, mode, owner, and what is in the files. */
export function fileTree(dir: string): string[] {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
  return [dir, ...paths].sort().map((path) => {
    const { mode, uid, gid } = lstatSync(path);
    const isDirectory = lstatSync(path).isDirectory();
    const facts = `${relative(dir, path)} ${mode.toString(8)} ${String(uid)}:${String(gid)}`;
    return isDirectory ? facts : `${facts} ${readFileSync(path, 'base64')}`;
  });
}
