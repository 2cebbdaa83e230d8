import { isIPv4 } from 'node:net';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';

/** An account elsewhere that lists its public keys, one a line, as GitHub and GitLab do at `https://HOST/USER.keys`. */
export interface ImportSource {
  /** The one name of it, which reads back to the same source: `github:ana`, `git.example.com:ana`, `https://example.com/git/ana`. */
  readonly name: string;
  readonly url: string;
  /** Whose the keys are if nothing else is said; undefined where the name makes no good one. */
  readonly principal: string | undefined;
  /** What keys without a comment are named after: `github`. */
  readonly label: string;
}

const forges: readonly { readonly label: string; readonly host: string }[] = [
  { label: 'github', host: 'github.com' },
  { label: 'gitlab', host: 'gitlab.com' },
];

const maxLength = 200;
const user = /^(?!.*\.\.)[A-Za-z0-9_~][A-Za-z0-9_.-]{0,99}$/;
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const path = /^(?:\/[A-Za-z0-9_~@+][A-Za-z0-9_.~@+-]*)+$/;
const principal = /^[A-Za-z0-9][A-Za-z0-9._@+:-]{0,127}$/;
const suffix = '.keys';

const forms = 'write github:USER, gitlab:USER or https://HOST/USER';

/** Reads `github:USER`, `gitlab:USER`, `HOST:USER` and URLs, with or without `.keys` at the end. */
export function parseImportSource(text: string): Parsed<ImportSource> {
  if (text.length > maxLength) return problem(`a source has at most ${maxLength} characters; ${forms}`);
  if (/^https?:/i.test(text)) return readUrl(text);
  const short = readShort(text);
  if (!short.ok) return short;
  const { host, name } = short.value;
  return sourceAt(new URL(`https://${host}/${name}`));
}

function readShort(text: string): Parsed<{ host: string; name: string }> {
  const [, place = '', written = ''] = /^([^:/@]+):([^:/@]+)$/.exec(text) ?? [];
  const name = withoutSuffix(written);
  const forge = forges.find(({ label }) => label === place.toLowerCase());
  const host = forge?.host ?? place.toLowerCase();
  if (!hostName.test(host)) return problem(`${quote(text)} is no source of keys; ${forms}`);
  if (!user.test(name)) return problem(`${quote(written)} is not the name of a user; ${forms}`);
  if (forge === undefined && /^\d+$/.test(name))
    return problem(`${quote(text)} looks like a host and its port; write https://${host}:${name}/USER`);
  return { ok: true, value: { host, name } };
}

function readUrl(text: string): Parsed<ImportSource> {
  const url = /^[\x21-\x7e]+$/.test(text) && !text.includes('\\') ? URL.parse(text) : null;
  if (url === null) return problem(`${quote(text)} is not a URL; ${forms}`);
  // Not repeated: it may be a password.
  if (/^https?:\/*[^/]*@/i.test(text))
    return problem(`the URL of a source has no user name or password before the host; ${forms}`);
  if (text.includes('?') || text.includes('#'))
    return problem(`the URL of a source ends with the user; ${forms}`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return problem('keys are fetched over https only; http is for this machine itself');
  url.pathname = withoutSuffix(url.pathname.replace(/\/$/, ''));
  if (!path.test(url.pathname)) return problem(`${quote(text)} names no user; ${forms}`);
  return sourceAt(url);
}

function sourceAt(url: URL): Parsed<ImportSource> {
  const forge = url.port === '' && url.protocol === 'https:' ? forgeOf(url) : undefined;
  // These two do not tell upper and lower case apart.
  if (forge !== undefined) url.pathname = url.pathname.toLowerCase();
  const name = shortName(url, forge?.label) ?? url.href;
  const asPrincipal = name.replace(/^https?:\/\//, '').replaceAll('/', ':');
  return {
    ok: true,
    value: {
      name,
      url: `${url.href}${suffix}`,
      principal: principal.test(asPrincipal) ? asPrincipal : undefined,
      label: (forge?.label ?? url.hostname).replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''),
    },
  };
}

function forgeOf(url: URL) {
  return forges.find(({ host }) => host === url.hostname);
}

/** Undefined where only the URL says it all. */
function shortName(url: URL, label = url.hostname): string | undefined {
  const short = `${label}:${url.pathname.slice(1)}`;
  const read = url.protocol === 'https:' && url.port === '' && readShort(short);
  return read && read.ok ? short : undefined;
}

function withoutSuffix(text: string): string {
  return text.replace(/(?:\.keys)+$/, '');
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    (isIPv4(host) && host.startsWith('127.'))
  );
}
