import { join } from 'node:path';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';

/** The one line of `~/.ssh/config` that makes ssh read a file. `sshHome` is where ssh itself looks for `~`. */
export function includeLine(home: string, sshHome: string): Parsed<string> {
  if (home === sshHome) return { ok: true, value: 'Include ~/.ssh/porthole/config' };
  const path = join(home, '.ssh', 'porthole', 'config');
  if (/["'\\*?[\]%$]|[\p{C}\p{Zl}\p{Zp}]/u.test(path))
    return problem(`ssh cannot include ${quote(path)}: there are characters in it that mean something else`);
  return { ok: true, value: /\s/.test(path) ? `Include "${path}"` : `Include ${path}` };
}

/** The text with the line at its top, or as it was where ssh reads that line for every host already. */
export function withInclude(text: string, line: string): string {
  return isIncluded(text, line) ? text : `${line}\n${text}`;
}

/** The text without that line. */
export function withoutInclude(text: string, line: string): string {
  return text
    .split(/(?<=\n)/)
    .filter((each) => each.replace(/\r?\n$/, '') !== line)
    .join('');
}

/** Names that have a `Host` line of their own: what they stand for is the user's choice. Patterns are none. */
export function ownHostNames(text: string): Set<string> {
  const words = text.split('\n').flatMap((line) => {
    const host = /^\s*host(?:\s*=\s*|\s+)(.*)$/i.exec(line)?.[1] ?? '';
    return host.split(/[\s",]+/);
  });
  return new Set(
    words.filter((word) => word !== '' && !/[*?!#]/.test(word)).map((word) => word.toLowerCase()),
  );
}

/** A line after the first `Host` or `Match` holds for those hosts only. */
function isIncluded(text: string, line: string): boolean {
  const lines = text.split(/\r?\n/).map((each) => each.trim());
  const end = lines.findIndex((each) => /^(?:host|match)[\s=]/i.test(each));
  return (end === -1 ? lines : lines.slice(0, end)).includes(line);
}
