import { network } from './addresses.ts';
import { list, required } from './key.ts';
import { choice, count, duration, size } from './kinds.ts';

/** The keys that bound what one connection, tunnel or request may take. */
export const newConnectionLimits = {
  sniffTimeoutMs: required('sniff-timeout', duration(), {
    default: '5s',
    about: 'how long a new connection may leave open what it speaks',
  }),
  tlsHandshakeTimeoutMs: required('tls-handshake-timeout', duration(), {
    default: '10s',
    about: 'how long a TLS handshake may take',
  }),
  loginGraceMs: required('login-grace', duration(), {
    default: '20s',
    about: 'how long a connection may take to authenticate',
  }),
  maxAuthTries: required('max-auth-tries', count({ max: 1000 }), {
    default: '6',
    about: 'how many keys a connection may try',
  }),
  maxStartups: required('max-startups', count(), {
    default: '100',
    about: 'connections at a time that have not authenticated',
  }),
  maxStartupsPerSource: required('max-startups-per-source', count(), {
    default: '20',
    about: 'the same, from one IPv4 address or /64',
  }),
  loginPenalties: required('login-penalties', choice('on', 'off'), {
    default: 'on',
    about:
      'whether a source that keeps failing to log in is blocked for a while, 1s to 10m, unless a session of it is live',
  }),
  penaltyExempt: list('penalty-exempt', network, {
    default: [],
    about: 'the networks that are never blocked so',
  }),
};

export const tunnelLimits = {
  maxForwards: required('max-forwards', count(), { default: '64', about: 'forwards of one tunnel' }),
  maxChannels: required('max-channels', count(), { default: '1000', about: 'open channels of one tunnel' }),
  channelOpenTimeoutMs: required('channel-open-timeout', duration(), {
    default: '5s',
    about: 'how long a machine may take to answer the opening of a channel',
  }),
};

export const httpLimits = {
  headerTimeoutMs: required('header-timeout', duration(), {
    default: '10s',
    about: 'how long the head of a request may take to arrive',
  }),
  maxHeaderBytes: required('max-header', size({ minBytes: 1024, maxBytes: 1024 * 1024 }), {
    default: '32KiB',
    about: 'how large the head of a request may be',
  }),
  responseTimeoutMs: required('response-timeout', duration(), {
    default: '60s',
    about: 'how long an upstream may take to its first byte',
  }),
  idleTimeoutMs: required('idle-timeout', duration(), {
    default: '5m',
    about: 'how long an open request may go without a byte either way',
  }),
  streamIdleTimeoutMs: required('stream-idle-timeout', duration(), {
    default: '1h',
    about: 'the same for WebSockets, other upgrades and server-sent events',
  }),
  maxHeld: required('max-held', count({ min: 0 }), {
    default: '256',
    about: 'requests of one environment that are held at a time',
  }),
  maxRequests: required('max-requests', count(), {
    default: '512',
    about: 'requests of one environment that are in flight at a time',
  }),
};

export const gateLimits = {
  gateAccess: required('gate-access', choice('members', 'grants'), {
    default: 'members',
    about:
      'whom the gate lets through to a machine besides its owner and administrators: members whose key may use the name of its environment, and who has a grant; or only the latter',
  }),
  gateIdleMs: required('gate-idle-timeout', duration(), {
    default: '24h',
    about: 'how long a session through the gate may go without a byte either way',
  }),
  gateMaxSessionMs: required('gate-max-session', duration(), {
    default: '7d',
    about: 'how long a session through the gate may last',
  }),
  gateMaxSessions: required('gate-max-sessions', count(), {
    default: '256',
    about: 'sessions of one principal through the gate at a time',
  }),
  gateStartups: required('gate-startups', count(), {
    default: '8',
    about: 'SSH logins at one machine that the gate lets begin at a time; others wait for their turn',
  }),
  gateCertTtlMs: required('gate-cert-ttl', duration({ minMs: 60_000, maxMs: 604_800_000 }), {
    default: '10m',
    about: 'how long a certificate for a machine is good, 1m to 7d',
  }),
};
