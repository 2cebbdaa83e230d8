import { type Parsed, parseForward } from '../core/forward.ts';
import { envSlug } from '../core/names.ts';
import { tlsProxyCommand } from '../core/tls-proxy-command.ts';
import { formatHostPort, type ServerAddress } from './server-url.ts';
import { forwardRequest, type LocalTarget, type Offer } from './target.ts';

export interface SshCommandOptions {
  readonly env: string;
  readonly server: ServerAddress;
  readonly offers: readonly Offer[];
  readonly caFile: string | undefined;
  readonly identityFile: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly knownHostsFile: string | undefined;
}

/** The longest socket path that OpenSSH takes: `sockaddr_un` holds 108 bytes with the final zero. */
const maxSocketPathBytes = 107;
/** Stands for the default port of a service. */
const defaultPort = 80;

/** The words of the `ssh` command that does the same as `porthole connect`, as far as OpenSSH can. */
export function sshCommand(options: SshCommandOptions): Parsed<string[]> {
  const { env, server, identityFile, certificateFile, knownHostsFile } = options;
  const forwards: string[] = [];
  for (const offer of options.offers) {
    const forward = remoteForward(offer);
    if (!forward.ok) return forward;
    forwards.push('-R', forward.value);
  }
  const words = ['ssh', '-o', 'ExitOnForwardFailure=yes', '-o', 'ServerAliveInterval=15'];
  if (server.transport === 'tls') words.push(...throughTls(options));
  else if (server.port !== 22) words.push('-p', String(server.port));
  if (identityFile !== undefined) words.push('-o', 'IdentitiesOnly=yes', ...identity(identityFile));
  if (certificateFile !== undefined) words.push('-o', fileOption('CertificateFile', certificateFile));
  if (knownHostsFile !== undefined) words.push('-o', fileOption('UserKnownHostsFile', knownHostsFile));
  return { ok: true, value: [...words, ...forwards, '-l', userName(env), server.host] };
}

function fileOption(name: string, file: string): string {
  return `${name}=${quoteOptionValue(escapePercent(file))}`;
}

/** `-i` looks for the file before it expands `%`, so that no name with one in it would do. */
function identity(file: string): string[] {
  return file.includes('%') ? ['-o', fileOption('IdentityFile', file)] : ['-i', file];
}

/**
 * SSH in TLS by way of openssl. The certificate and its name are verified, so that ssh may keep the host key
 * without asking; a key that changes is still refused.
 */
function throughTls({ server, caFile }: SshCommandOptions): string[] {
  const { host, port } = server;
  const proxy = tlsProxyCommand({ host, port, caFile });
  return ['-p', String(port), '-o', 'StrictHostKeyChecking=accept-new', '-o', `ProxyCommand=${proxy}`];
}

/** `web:80:localhost:3000`; with options the socket form, `/web?access=public:localhost:3000`. */
function remoteForward(offer: Offer): Parsed<string> {
  const target = remoteTarget(offer.target);
  if (!target.ok) return target;
  if (offer.words.length > 0 || !fitsBindAddress(offer)) return socketForward(offer, target.value);
  const listen = [offer.service, offer.port ?? defaultPort].filter((part) => part !== undefined).join(':');
  return { ok: true, value: `${listen}:${target.value}` };
}

/**
 * Whether `service:port` as a bind address means the same: a service named `localhost` would become the
 * default one.
 */
function fitsBindAddress({ service, port }: Offer): boolean {
  if (service === undefined) return true;
  const parsed = parseForward({ kind: 'tcpip', bindAddr: service, bindPort: port ?? defaultPort });
  return /^[A-Za-z0-9._-]+$/.test(service) && parsed.ok && parsed.value.service === service;
}

function socketForward(offer: Offer, target: string): Parsed<string> {
  const request = forwardRequest(offer);
  const path = request.kind === 'streamlocal' ? request.socketPath : '';
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    return {
      ok: false,
      problem: `ssh takes at most ${maxSocketPathBytes} bytes before the target, and ${path} has ${bytes}: use shorter options, or porthole connect`,
    };
  }
  return { ok: true, value: `${escapePercent(escapeField(path))}:${target}` };
}

function remoteTarget(target: LocalTarget): Parsed<string> {
  if (target.kind === 'tcp') {
    const host = target.hosts.length > 1 ? 'localhost' : target.hosts[0];
    return { ok: true, value: formatHostPort(host, target.port) };
  }
  if (Buffer.byteLength(target.path) > maxSocketPathBytes) {
    return {
      ok: false,
      problem: `the path of a unix socket has at most ${maxSocketPathBytes} bytes: ${target.path}`,
    };
  }
  return { ok: true, value: escapePercent(escapeField(target.path)) };
}

/** ssh splits a forward at colons, unless a backslash stands before them. */
function escapeField(text: string): string {
  return text.replace(/[\\:]/g, '\\$&');
}

/** ssh expands `%h` and the like in paths and in the proxy command. */
function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

/** ssh splits the value of an option that takes several files at white space. */
function quoteOptionValue(text: string): string {
  return /[\s"]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

/** ssh refuses user names with characters of the shell; the slug is what the gateway makes of them anyway. */
function userName(env: string): string {
  return /^[A-Za-z0-9_./][A-Za-z0-9_./-]*$/.test(env) ? env : envSlug(env);
}
