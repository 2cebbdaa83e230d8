import type { Endpoint } from '../endpoint.ts';
import type { Tool } from '../tools.ts';
import type { Workspace } from '../workspace.ts';

/** Where thousands of tunnels can be dialled in. */
export interface TunnelServer {
  readonly port: number;
  /** A private key that is admitted for every environment name. */
  readonly identityFile: string;
}

/** Where people and machines log in with SSH. */
export interface LoginServer {
  readonly port: number;
  readonly user: string;
  /** A private key that is admitted by itself. */
  readonly identityFile: string;
  /** One that is admitted only with its certificate. */
  readonly certified: { readonly identityFile: string; readonly certificateFile: string };
}

/** Who may add and revoke keys while it runs, by SSH commands. */
export interface KeyAdmin {
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
}

/** The origin once more, for those only who hold a cookie of the gateway's. */
export interface PrivateService {
  readonly http: Endpoint;
  /** A `Cookie` header that opens it, got in the way that a browser gets it. */
  cookie(): Promise<string>;
}

/** A machine's own sshd, and the way there for people. */
export interface JumpHost {
  /** For `ssh -F`: by the name `machine` one gets there, with the peer as the jump host. */
  readonly configFile: string;
}

/** A peer that serves. What it cannot do or show is undefined, and the cases that need it leave it out. */
export interface RunningPeer {
  readonly http: Endpoint | undefined;
  readonly https: Endpoint | undefined;
  /** The processes of the gateway itself, without origin and tunnel client; undefined for one that is not ours. */
  readonly gatewayPids: (() => number[]) | undefined;
  /** How much it says that it buffers for others, in bytes. */
  readonly bufferedBytes: (() => Promise<number>) | undefined;
  /** What it holds once its garbage is collected, in bytes. Looking collects it: read resident memory before. */
  readonly liveBytes: (() => Promise<number>) | undefined;
  readonly tunnelServer: TunnelServer | undefined;
  readonly loginServer: LoginServer | undefined;
  readonly keyAdmin: KeyAdmin | undefined;
  readonly privateService?: PrivateService | undefined;
  readonly jumpHost?: JumpHost | undefined;
  stop(): Promise<void>;
}

/** What a peer is given to start with. */
export interface Site {
  readonly workspace: Workspace;
  readonly originPort: number;
}

/** Something that brings requests to the origin. */
export interface Peer {
  readonly name: string;
  /** What it is, for people who read the results. */
  readonly title: string;
  readonly tools: readonly Tool[];
  /** Starts an instance of its own; it serves when the promise settles. */
  start(site: Site): Promise<RunningPeer>;
}
