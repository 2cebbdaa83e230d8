import type { Role } from '../identity/identity.ts';

/** Who may reach a machine: members by their keys' patterns, only those with a grant, or only its owner. Its owner and administrators always may. */
export const reaches = ['members', 'grants', 'owner'] as const;
export type Reach = (typeof reaches)[number];

/** A machine that people reach with SSH: who it is, wherever it has dialled in from. All times are milliseconds since the epoch. */
export interface TargetRecord {
  /** A UUID in lower case: the machine's own, or made here. Never passes to another owner. */
  readonly id: string;
  /** Unique among targets; spelt like the name of an environment. */
  readonly name: string;
  /** The environment whose tunnel leads to it. */
  readonly env: string;
  /** The principal whose machine it is. */
  readonly owner: string;
  /** Whom people log in as there if they say nothing else. */
  readonly osUser?: string;
  /** What its SSH server shows, as `ssh-ed25519 AAAA...` without a comment: the ones to trust. */
  readonly hostKeys: readonly string[];
  /** `reported`: by the machine itself, over its tunnel. `added`: by hand. */
  readonly origin: 'reported' | 'added';
  /** The fingerprint of the key that it dialled in with when its host keys were pinned; of one that was added by hand there is none. */
  readonly machineKey?: string;
  /** What it says of itself that differs from what is pinned, and nobody has confirmed. */
  readonly unconfirmed?: {
    readonly hostKeys: readonly string[];
    readonly machineKey: string;
    readonly at: number;
  };
  /** Its SSH server trusts the certificates that the gateway signs. */
  readonly takesCertificates: boolean;
  /** The OS users that it lets in by such a certificate; any, if there is none. */
  readonly osUsers: readonly string[];
  /** The longest life of a certificate that it accepts; any, if it is not there. */
  readonly longestCertificateMs?: number;
  readonly reach: Reach;
  /** The only services of its environment that the gate opens; all, if there is none. */
  readonly services: readonly string[];
  readonly createdAt: number;
  /** The principal who made it. */
  readonly createdBy: string;
  /** When it was last online; undefined for one that never was. */
  readonly lastSeenAt?: number;
}

/** How somebody reaches a target: what the ssh_config for them says. */
export interface ProfileRecord {
  readonly id: string;
  /** Unique among its principal's. */
  readonly name: string;
  /** Whose it is. */
  readonly principal: string;
  /** Of the target. */
  readonly target: string;
  readonly osUser?: string;
  /** A path on its principal's machine; nothing of what is there. */
  readonly identityFile?: string;
  readonly createdAt: number;
}

/** An entry point for people: how they get to it, which keys may use it, and which targets it reaches. */
export interface GateRecord {
  readonly id: string;
  /** Unique; the user name with which somebody comes in by it. All other user names mean the default gate. */
  readonly name: string;
  /** Where people connect to; the gateway's own address, if it is not there. */
  readonly host?: string;
  readonly port?: number;
  /** `any`: every key of a member. */
  readonly keys: 'any' | readonly GateKey[];
  /** `any`: every target, and every environment without one. Else the ids of targets. */
  readonly targets: 'any' | readonly string[];
  /** There is one, which cannot be removed. */
  readonly isDefault: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface GateKey {
  /** `SHA256:...` */
  readonly fingerprint: string;
  readonly addedAt: number;
  readonly addedBy: string;
}

/** What lets a principal reach machines that their keys alone would not. */
export interface ReachGrant {
  /** 12 base32 characters. */
  readonly id: string;
  readonly principal: string;
  /** Globs for the names of environments; never none. */
  readonly envPatterns: readonly string[];
  /** The principal whose environments it is for, where an owner gave it: it lets nobody into what has passed to somebody else. An administrator's is for all. */
  readonly owner?: string;
  /** The only services (`ssh`, `db`); all, if there is none. */
  readonly services: readonly string[];
  /** Whom they may be on the machine, as far as certificates say so; anybody, if there is none. */
  readonly osUsers: readonly string[];
  /** From this moment on it lets nobody in, and what it let in ends. */
  readonly expiresAt?: number;
  readonly createdAt: number;
  readonly createdBy: string;
}

/** The least role that comes in by the gate at all. */
export const leastGateRole: Role = 'member';
