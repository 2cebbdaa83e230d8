import type { SshConfigFacts, SshConfigTarget } from '../../core/ssh-config-facts.ts';

export const targetId = '3f0e9d62-08a4-4c5f-9a54-0d4bb3b1c0de';
export const otherTargetId = '11111111-2222-4333-8444-555555555555';
export const gateKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdhdGVnYXRlZ2F0ZWdhdGVnYXRlZ2F0ZWdhdGVnYXRl';
export const targetKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG1hY2hpbmVtYWNoaW5lbWFjaGluZW1hY2hpbmVtYWNo';

export function targetFacts(more: Partial<SshConfigTarget> = {}): SshConfigTarget {
  return {
    id: targetId,
    name: 'pr-42',
    aliases: ['pr-42'],
    env: 'pr-42',
    osUser: 'dev',
    hostKeys: [targetKey],
    unconfirmed: false,
    takesCertificates: false,
    osUsers: [],
    ...more,
  };
}

/** One gate and one machine, unless told otherwise. */
export function sshConfigFacts(more: Partial<SshConfigFacts> = {}): SshConfigFacts {
  return {
    gate: { name: 'default', host: 'preview.example.com', port: 443, ownAddress: true, hostKeys: [gateKey] },
    targets: [targetFacts()],
    profiles: [],
    environments: [],
    ...more,
  };
}
