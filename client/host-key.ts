import { fingerprint } from '../core/fingerprint.ts';
import { entriesFor, hostKeyType, judgeHostKey, knownHostsLine, type KnownHost } from './known-hosts.ts';

/** How the gateway's SSH host key is checked. Nothing accepts an unknown key. */
export type HostKeyPolicy =
  /** The TLS certificate has proven who answers, and nobody sits between TLS and SSH. */
  | { readonly kind: 'proven-by-tls' }
  | { readonly kind: 'pinned'; readonly fingerprints: readonly string[] }
  | {
      readonly kind: 'known-hosts';
      readonly entries: readonly KnownHost[];
      readonly name: string;
      readonly file: string;
    };

export type HostKeyCheck = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export function checkHostKey(policy: HostKeyPolicy, key: Buffer): HostKeyCheck {
  switch (policy.kind) {
    case 'proven-by-tls':
      return { ok: true };
    case 'pinned':
      return checkPin(policy.fingerprints, key);
    case 'known-hosts':
      return checkKnownHosts(policy, key);
  }
}

/** The types of host key that can be checked; empty when any can, or none. */
export function knownKeyTypes(policy: HostKeyPolicy): string[] {
  if (policy.kind !== 'known-hosts') return [];
  return entriesFor(policy.entries, policy.name).flatMap((entry) => (entry.revoked ? [] : [entry.keyType]));
}

/** `SHA256:` and 43 base64 characters, as `ssh-keygen -l` prints it; undefined when it is anything else. */
export function parseFingerprint(text: string): string | undefined {
  const match = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text.trim());
  return match?.[1] === undefined ? undefined : `SHA256:${match[1]}`;
}

function checkPin(fingerprints: readonly string[], key: Buffer): HostKeyCheck {
  const shown = fingerprint(key);
  if (fingerprints.includes(shown)) return { ok: true };
  return { ok: false, problem: `the host key is ${shown}, not ${fingerprints.join(' or ')}` };
}

function checkKnownHosts(policy: HostKeyPolicy & { kind: 'known-hosts' }, key: Buffer): HostKeyCheck {
  const verdict = judgeHostKey(policy.entries, policy.name, key);
  const shown = `${hostKeyType(key)} ${fingerprint(key)}`;
  switch (verdict.kind) {
    case 'known':
      return { ok: true };
    case 'revoked':
      return { ok: false, problem: `the host key of ${policy.name} (${shown}) is revoked in ${policy.file}` };
    case 'changed':
      return {
        ok: false,
        problem:
          `the host key of ${policy.name} has changed: it is ${shown}, and ${policy.file} knows ` +
          `${verdict.knownFingerprints.join(', ')}. Somebody may be in between; connect only if you know why`,
      };
    case 'unknown':
      return {
        ok: false,
        problem:
          `the host key of ${policy.name} is not known: ${shown}. If that is the fingerprint that the gateway prints, ` +
          `pass --host-key ${fingerprint(key)}, or add this line to ${policy.file}: ${knownHostsLine(policy.name, key)}`,
      };
  }
}
