import { join } from 'node:path';
import type { z } from 'zod';
import { domainName, listenAddress, network, publicUrl, webOrigin } from './addresses.ts';
import { list, optional, required, type Key, type Surroundings } from './key.ts';
import { choice, count, duration, path, words } from './kinds.ts';
import { gateLimits, httpLimits, newConnectionLimits, tunnelLimits } from './limit-keys.ts';

const addresses = {
  listen: list('listen', listenAddress, {
    default: ['0.0.0.0:8443'],
    about: 'the shared port: HTTPS, SSH and plain HTTP on each of these addresses',
  }),
  sshListen: list('ssh-listen', listenAddress, {
    default: [],
    about: 'further addresses that take SSH only',
  }),
  httpListen: list('http-listen', listenAddress, {
    default: [],
    about: 'further addresses that take plain HTTP only, and redirect it to HTTPS',
  }),
  metricsListen: optional('metrics-listen', listenAddress, {
    about: 'where /metrics, /healthz and /readyz are served; nowhere if not set',
  }),
  domain: required('domain', domainName, {
    default: 'localhost',
    about: 'the domain of the gateway; every preview has a name directly below it',
  }),
  publicUrl: optional('public-url', publicUrl, {
    about: 'scheme, host and port that visitors use, where a port mapping or a proxy changes them',
  }),
  proxyProtocol: list('proxy-protocol', network, {
    default: [],
    about: 'the networks whose PROXY protocol header (v1 or v2) is accepted',
  }),
  trustedProxies: list('trusted-proxies', network, {
    default: [],
    about: 'the networks whose Forwarded and X-Forwarded-* headers are believed',
  }),
};

const state = {
  stateDir: required('state-dir', path('DIR'), {
    default: defaultStateDir,
    defaultText: '$XDG_STATE_HOME/porthole, else ~/.local/state/porthole',
    about: 'where the keys, certificates and claims of the gateway are kept',
  }),
  tlsCert: optional('tls-cert', path('FILE'), {
    about: 'the certificate chain (PEM); without one the gateway makes its own authority and certificate',
  }),
  tlsKey: optional('tls-key', path('FILE'), { about: 'the private key of --tls-cert (PEM)' }),
};

const admission = {
  authorizedKeys: optional('authorized-keys', path('FILE'), {
    about: "the keys that may dial in, in OpenSSH's format; re-read when it changes",
  }),
  userCa: list('user-ca', path('FILE'), {
    default: [],
    about:
      "the authorities whose OpenSSH user certificates admit, as in sshd's TrustedUserCAKeys; re-read when it changes",
  }),
  revokedKeys: optional('revoked-keys', path('FILE'), {
    about:
      'keys, and serials and key ids of certificates, that admit nobody, as ssh-keygen -k takes them; re-read when it changes',
  }),
  certTtlMs: required('cert-ttl', duration({ minMs: 60_000, maxMs: days(365) }), {
    default: '24h',
    about: 'how long a certificate may be good that somebody gets for their key, at least 1m',
  }),
  oidcPolicy: optional('oidc-policy', path('FILE'), {
    about: 'which tokens of CI systems are exchanged for certificates (TOML); re-read when it changes',
  }),
  admission: required('admission', choice('keys', 'open'), {
    default: 'keys',
    about: 'who may dial in: only known keys, or any key (names then carry the fingerprint of the key)',
  }),
  claimTtlMs: required('claim-ttl', duration({ maxMs: days(3650) }), {
    default: '30d',
    about: 'how long an environment name stays with its owner after it was last seen',
  }),
  contact: required('contact', words(), {
    default: 'an administrator of this gateway',
    about: 'whom to ask for a name that belongs to somebody else, as the refusal tells it',
  }),
  unusedKeyAfterMs: required('unused-key-after', duration({ minMs: days(1), maxMs: days(3650) }), {
    default: '90d',
    about: 'after how long without a use a key is reported as unused, at least 1d',
  }),
  disableUnusedKeysMs: optional('disable-unused-keys', duration({ minMs: days(1), maxMs: days(3650) }), {
    about:
      'after how long without a use a key is revoked, at least 1d; never if not set, and never the last admin key',
  }),
  keyImportIntervalMs: required('key-import-interval', duration({ minMs: 1000 }), {
    default: '1h',
    about: 'how often the accounts are looked at whose keys are kept in step: key import --keep',
  }),
};

const visitors = {
  access: required('access', choice('private', 'team', 'public'), {
    default: 'private',
    about:
      'who may visit a preview whose forward says nothing about it: those invited, all who can log in as members, or anybody',
  }),
  widestAccess: required('widest-access', choice('private', 'team', 'public'), {
    default: 'public',
    about: 'the most open access that a forward may ask for; a key may be limited further',
  }),
  adminDomain: optional('admin-domain', domainName, {
    about: 'a host name of its own for the login pages; else they are on that of --domain',
  }),
  loginFile: optional('login-file', path('FILE'), {
    about:
      'the OpenID Connect providers that people log in with, and who may see what (TOML); re-read when it changes',
  }),
  sessionTtlMs: required('session-ttl', duration({ minMs: 60_000, maxMs: days(365) }), {
    default: '7d',
    about: 'how long a login lasts, at least 1m',
  }),
  sessionKeyRotationMs: required('session-key-rotation', duration({ minMs: 3_600_000, maxMs: days(3650) }), {
    default: '30d',
    about:
      'how often the key is replaced that seals the cookies of logins, at least 1h; those of before stay good',
  }),
  shareTtlMs: required('share-ttl', duration({ maxMs: days(3650) }), {
    default: '7d',
    about: 'how long a share link opens a private preview, if its maker says nothing else',
  }),
  visitorNetworks: list('visitor-networks', network, {
    default: [],
    about: 'the networks from which previews may be visited at all; any, if there is none',
  }),
  allowedOrigins: list('allowed-origins', webOrigin, {
    default: [],
    about: "origins whose pages may call private previews, besides those of the environment's own hosts",
  }),
  embedOrigins: list('embed-origins', webOrigin, {
    default: [],
    about: 'origins whose pages may show private previews in a frame to those who are logged in',
  }),
};

const logging = {
  logLevel: required('log-level', choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    default: 'info',
    about: 'the least important lines that are logged',
  }),
  logFormat: required('log-format', choice('json', 'pretty'), {
    default: ({ isTerminal }) => (isTerminal ? 'pretty' : 'json'),
    defaultText: 'pretty on a terminal, else json',
    about: 'JSON lines for machines or text for people',
  }),
  auditRetentionMs: required('audit-retention', duration({ minMs: days(1), maxMs: days(36_500) }), {
    default: '365d',
    about: 'how long the audit keeps who did what, at least 1d',
  }),
};

const lifetimes = {
  holdMs: required('hold', duration({ minMs: 0 }), {
    default: '10s',
    about: 'how long a request waits for a tunnel that was lost and is about to be back',
  }),
  graceMs: required('grace', duration({ minMs: 0 }), {
    default: '30s',
    about: 'how long running requests may go on when the gateway is told to stop',
  }),
  keepaliveIntervalMs: required('keepalive-interval', duration(), {
    default: '5s',
    about: 'how often each tunnel is asked for a sign of life',
  }),
  keepaliveMisses: required('keepalive-misses', count({ max: 1000 }), {
    default: '3',
    about: 'after how many missing answers a tunnel is dead',
  }),
};

/** All keys, by the field of the configuration that each one fills: the one table that everything else is made from. */
export const keys = {
  ...addresses,
  ...state,
  ...admission,
  ...visitors,
  ...logging,
  ...lifetimes,
  ...newConnectionLimits,
  ...tunnelLimits,
  ...gateLimits,
  ...httpLimits,
};

export type Field = keyof typeof keys;

/** The settled configuration: a value for every key, checked, with units in the names. */
export type Config = { readonly [F in Field]: z.output<(typeof keys)[F]['schema']> };

/** The same keys in the groups in which people read them. */
export const groups: ReadonlyMap<string, Readonly<Record<string, Key<unknown>>>> = new Map(
  Object.entries({
    'Where it listens': addresses,
    'State and certificate': state,
    'Who gets in': admission,
    'Who may visit': visitors,
    Log: logging,
    'Life of tunnels': lifetimes,
    'Limits of a new connection': newConnectionLimits,
    'Limits of a tunnel': tunnelLimits,
    'The gate': gateLimits,
    'Limits of HTTP': httpLimits,
  }),
);

/** The fields with their keys, in the order of the table. */
export const entries = Object.entries(keys) as readonly (readonly [Field, Key<unknown>])[];

export function variableOf(name: string): string {
  return `PORTHOLE_${name.toUpperCase().replaceAll('-', '_')}`;
}

function defaultStateDir({ env, home }: Surroundings): string {
  const base = env['XDG_STATE_HOME'];
  // The XDG specification: a relative path is to be ignored.
  return join(base?.startsWith('/') === true ? base : join(home, '.local/state'), 'porthole');
}

function days(count: number): number {
  return count * 86_400_000;
}
