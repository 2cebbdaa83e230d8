import { lowerCaseAscii } from './slug.ts';

/**
 * Labels that no environment may have: those of the gateway's own hosts, those that people take for the operator's,
 * and those that mail clients, proxy discovery and certificate authorities trust by their name (RFC 2142, RFC 8555, WPAD).
 */
const reservedLabels = new Set([
  ...[
    'porthole',
    'portholed',
    'gateway',
    'gate',
    'console',
    'admin',
    'administrator',
    'api',
    'dashboard',
    'tunnel',
    'tunnels',
  ],
  ...[
    'auth',
    'login',
    'logout',
    'signin',
    'signout',
    'signup',
    'oauth',
    'oauth2',
    'oidc',
    'sso',
    'account',
    'accounts',
  ],
  ...['www', 'static', 'assets', 'cdn', 'status', 'metrics', 'health', 'healthz', 'ready', 'readyz', 'livez'],
  ...['localhost', 'localdomain', 'broadcasthost', 'ns', 'ns1', 'ns2', 'ns3', 'ns4', 'dns', 'mx'],
  ...['mail', 'email', 'webmail', 'smtp', 'imap', 'pop', 'pop3', 'autoconfig', 'autodiscover', 'mta-sts'],
  ...['abuse', 'hostmaster', 'postmaster', 'webmaster', 'security', 'support', 'ftp', 'wpad', 'isatap'],
  ...['_acme-challenge', '_dmarc', '_domainkey', '_mta-sts', '_smtp', '_tls'],
]);

/** Whether the label is kept from environments. Services are free: theirs is never a label of its own. */
export function isReservedLabel(label: string): boolean {
  return reservedLabels.has(lowerCaseAscii(label));
}
