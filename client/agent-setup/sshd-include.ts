import { dirname, join } from 'node:path';

/** What the drop-in is called: after those of the distribution and of cloud-init. */
export const dropInName = '60-porthole.conf';
/** What relative patterns begin at, in every sshd of a distribution. */
const sshdDirectory = '/etc/ssh';

/** Where a file may be put such that a configuration of sshd includes it, always; undefined where it includes no directory. */
export function includedDropIn(config: string): string | undefined {
  for (const pattern of alwaysIncluded(config)) {
    const path = join(dirname(pattern), dropInName);
    if (!/[*?[\]]/.test(dirname(pattern)) && matches(pattern, path)) return path;
  }
  return undefined;
}

/** Whether the configuration includes that file, always. */
export function includes(config: string, path: string): boolean {
  return alwaysIncluded(config).some((pattern) => matches(pattern, path));
}

/** The patterns of its `Include` lines, without those below a `Match`. */
function alwaysIncluded(config: string): string[] {
  const patterns: string[] = [];
  for (const line of config.split(/\r?\n/)) {
    const [, keyword = '', rest = ''] = /^\s*(\w+)(?:\s+|\s*=\s*)(.*)$/.exec(line) ?? [];
    if (keyword.toLowerCase() === 'match') break;
    if (keyword.toLowerCase() === 'include') patterns.push(...words(rest).map(absolute));
  }
  return patterns;
}

function words(text: string): string[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(/"[^"]*"|\S+/g)) {
    if (word.startsWith('#')) break;
    found.push(word.replace(/^"(.*)"$/, '$1'));
  }
  return found;
}

function absolute(pattern: string): string {
  return pattern.startsWith('/') ? pattern : join(sshdDirectory, pattern);
}

/** As glob(7), of which `*` and `?` are enough here: neither stands for a slash, nor for the dot that a name begins with. */
function matches(pattern: string, path: string): boolean {
  if (/\/\.[^/]*$/.test(path) && !/\/\.[^/]*$/.test(pattern)) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`).test(path);
}
