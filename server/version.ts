import { readFileSync } from 'node:fs';

/** The package's version. The manifest is one level up in a checkout, and two in the built package. */
export function version(): string {
  for (const manifest of ['../package.json', '../../package.json']) {
    const text = read(new URL(manifest, import.meta.url));
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return 'unknown';
}

function read(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}
