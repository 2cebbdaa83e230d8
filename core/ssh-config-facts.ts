/** What an ssh_config for the machines behind a gateway says, before it is written down: what `ssh-config --json` answers. */
export interface SshConfigFacts {
  readonly gate: SshConfigGate;
  readonly targets: readonly SshConfigTarget[];
  /** The caller's own, of these targets. */
  readonly profiles: readonly SshConfigProfile[];
  /** The name of the one that was asked for: its target is reached as it says. */
  readonly profile?: string;
  /** What the environments offer that were asked for by name, as far as the caller may reach it. */
  readonly environments: readonly SshConfigEnvironment[];
}

/** Where people come in. */
export interface SshConfigGate {
  /** With it as SSH user name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Whether that is the gateway's own address, which whoever came by another way knows better. */
  readonly ownAddress: boolean;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKeys: readonly string[];
}

export interface SshConfigTarget {
  /** A UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** What it may be called: its name, and that of its environment, as far as they mean nothing else. */
  readonly aliases: readonly string[];
  readonly env: string;
  readonly osUser?: string;
  /** The pinned ones; one that has none is let in by no ssh. */
  readonly hostKeys: readonly string[];
  /** It shows others than those, and nobody has confirmed that. */
  readonly unconfirmed: boolean;
  readonly takesCertificates: boolean;
  /** The OS users that it lets in by a certificate; any, if there is none. */
  readonly osUsers: readonly string[];
}

export interface SshConfigProfile {
  readonly name: string;
  /** The id of its target. */
  readonly target: string;
  readonly osUser?: string;
  /** A path on the machine where the file is used. */
  readonly identityFile?: string;
}

export interface SshConfigEnvironment {
  readonly env: string;
  readonly services: readonly {
    /** Undefined for the default service. */
    readonly service?: string;
    readonly port?: number;
  }[];
}
