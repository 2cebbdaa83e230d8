import { join } from 'node:path';
import { parsePort } from '../../core/names.ts';
import { type Parsed, problem } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import { contextHost } from './docker-context.ts';

/** Where a Docker engine listens. */
export type EngineAddress =
  /** The first of these sockets that exists; looked for anew with each connection. */
  | { readonly kind: 'socket'; readonly paths: readonly [string, ...string[]] }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** The folder with `ca.pem`, `cert.pem` and `key.pem`; undefined for plain HTTP. */
      readonly certDir: string | undefined;
    };

export interface EngineSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

const forms = 'unix:///PATH or tcp://HOST[:PORT]';
const plainPort = 2375;
const tlsPort = 2376;

/** Reads `--docker-host`, else `DOCKER_HOST`, else the context that `docker` uses; without any it is this machine's own engine. */
export function parseEngineAddress(
  flag: string | undefined,
  around: EngineSurroundings,
): Parsed<EngineAddress> {
  const given = flag ?? around.env['DOCKER_HOST'] ?? '';
  const host = given === '' ? contextHost(around) : ({ ok: true, value: given } as const);
  if (!host.ok) return host;
  return host.value === undefined
    ? { ok: true, value: { kind: 'socket', paths: usualSockets(around) } }
    : parseHost(host.value, around);
}

function parseHost(text: string, around: EngineSurroundings): Parsed<EngineAddress> {
  if (text.startsWith('unix://')) return socketAt(text);
  if (/^(?:tcp|https?):\/\//i.test(text)) return tcpAt(text, around);
  const why = text.startsWith('ssh://')
    ? ': the services of another machine cannot be reached from here'
    : '';
  return problem(`the Docker engine ${quote(text)} is not ${forms}${why}`);
}

/** How the address is told to people. */
export function formatEngineAddress(address: EngineAddress): string {
  return address.kind === 'socket' ? address.paths[0] : `${address.host}:${address.port}`;
}

function usualSockets({ env, home }: EngineSurroundings): readonly [string, ...string[]] {
  const runtimeDir = env['XDG_RUNTIME_DIR'] ?? '';
  const rootless = runtimeDir === '' ? [] : [join(runtimeDir, 'docker.sock')];
  return ['/var/run/docker.sock', ...rootless, join(home, '.docker', 'run', 'docker.sock')];
}

function socketAt(text: string): Parsed<EngineAddress> {
  const path = text.slice('unix://'.length);
  if (path.startsWith('/') && !path.includes('\0'))
    return { ok: true, value: { kind: 'socket', paths: [path] } };
  return problem(`the Docker engine ${quote(text)} needs an absolute path: unix:///var/run/docker.sock`);
}

function tcpAt(text: string, { env, home }: EngineSurroundings): Parsed<EngineAddress> {
  const match = /^([a-z]+):\/\/(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d+))?\/?$/i.exec(text);
  if (match === null) return problem(`the Docker engine ${quote(text)} is not ${forms}`);
  const [, scheme = '', ipv6, name = '', portText] = match;
  const secure = scheme.toLowerCase() === 'https' || (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
  const port = portText === undefined ? (secure ? tlsPort : plainPort) : parsePort(portText);
  if (port === undefined)
    return problem(`the Docker engine ${quote(text)}: a port is a number from 1 to 65535`);
  const certDir = secure ? (env['DOCKER_CERT_PATH'] ?? join(home, '.docker')) : undefined;
  return { ok: true, value: { kind: 'tcp', host: ipv6 ?? name, port, certDir } };
}
