import { parseOsUser } from './os-user.ts';
import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';
import { configPath, isHostKey } from './ssh-config-value.ts';

/** A keyword of ssh_config(5) and its value, as they are written. */
export type ConfigOption = readonly [keyword: string, value: string];

export interface SshCertificate {
  readonly file: string;
  /** It is shown when logging in as this user, if a command for a POSIX shell ends well, which may make it anew; else always. */
  readonly refreshed?: { readonly osUser: string; readonly command: string };
}

/** Both hops: nothing but the pinned keys is trusted, nothing is asked, and nothing that was learnt is kept. */
const strict: readonly ConfigOption[] = [
  ['StrictHostKeyChecking', 'yes'],
  ['VerifyHostKeyDNS', 'no'],
  ['UpdateHostKeys', 'no'],
  ['CheckHostIP', 'no'],
  ['GlobalKnownHostsFile', '/dev/null'],
];

export function userOptions(user: string | undefined): Parsed<readonly ConfigOption[]> {
  if (user === undefined) return { ok: true, value: [] };
  const parsed = parseOsUser(user);
  return parsed.ok ? { ok: true, value: [['User', parsed.value]] } : parsed;
}

export function identityOptions(file: string | undefined): Parsed<readonly ConfigOption[]> {
  if (file === undefined) return { ok: true, value: [] };
  const path = configPath(file);
  return path.ok
    ? {
        ok: true,
        value: [
          ['IdentityFile', path.value],
          ['IdentitiesOnly', 'yes'],
        ],
      }
    : path;
}

/** `ProxyJump` gives `-F` on to the ssh that it starts, but a path with a blank in it not as one word. */
export function jumpOptions(gate: string, configFile: string | undefined): Parsed<readonly ConfigOption[]> {
  if (configFile === undefined || /^[A-Za-z0-9_@+:,./-]+$/.test(configFile))
    return { ok: true, value: [['ProxyJump', gate]] };
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(configFile))
    return problem(`the path ${quote(configFile)} has control characters in it`);
  const file = `'${configFile.replaceAll("'", `'\\''`)}'`.replaceAll('%', '%%');
  return { ok: true, value: [['ProxyCommand', `ssh -F ${file} -W '[%h]:%p' ${gate}`]] };
}

/** Which host keys are taken from whoever answers to an alias: those in a file, or, without one, those that the configuration has in itself. */
export function trustOptions(
  alias: string,
  hostKeys: readonly string[],
  knownHostsFile: string | undefined,
): Parsed<readonly ConfigOption[]> {
  const lines = knownHostsLines(alias, hostKeys);
  const file = configPath(knownHostsFile ?? '/dev/null');
  if (!file.ok) return file;
  const isInline = knownHostsFile === undefined && lines.length > 0;
  return {
    ok: true,
    value: [
      ['HostKeyAlias', alias],
      ...strict,
      ['UserKnownHostsFile', file.value],
      ...(isInline ? [['KnownHostsCommand', printing(lines)] as const] : []),
    ],
  };
}

/** No shell reads it, and none of its words is anybody's free choice. */
function printing(lines: readonly string[]): string {
  return `/usr/bin/env printf '%%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
}

export function knownHostsLines(alias: string, hostKeys: readonly string[]): string[] {
  return hostKeys.filter(isHostKey).map((key) => `${alias} ${key}`);
}

/** For the block of a target, and what follows it. */
export function certificateOptions(
  id: string,
  certificates: readonly SshCertificate[],
): Parsed<{ readonly options: readonly ConfigOption[]; readonly blocks: readonly (readonly string[])[] }> {
  const options: ConfigOption[] = [];
  const blocks: string[][] = [];
  for (const { file, refreshed } of certificates) {
    const path = configPath(file);
    if (!path.ok) return path;
    if (refreshed === undefined) {
      options.push(['CertificateFile', path.value]);
      continue;
    }
    const head = matchLine(id, refreshed);
    if (!head.ok) return head;
    blocks.push([head.value, `  CertificateFile ${path.value}`]);
  }
  return { ok: true, value: { options, blocks } };
}

/** In double quotes, as `Match` takes a command, nothing can be escaped. */
function matchLine(
  id: string,
  { osUser, command }: NonNullable<SshCertificate['refreshed']>,
): Parsed<string> {
  const user = parseOsUser(osUser);
  if (!user.ok) return user;
  if (/["\\]|[\p{C}\p{Zl}\p{Zp}]/u.test(command))
    return problem('the command that renews the certificate has characters in it that ssh would read');
  return { ok: true, value: `Match host ${id} user ${osUser} exec "${command.replaceAll('%', '%%')}"` };
}
