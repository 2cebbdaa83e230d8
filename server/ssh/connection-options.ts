import type { RequestFeed } from '../routing/request-feed.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import type { Jumps } from '../targets/jump.ts';
import type { Forward, ForwardEnding, OpenResult } from '../tunnel/forward.ts';
import type { Heartbeat } from '../tunnel/heartbeat.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import type { AdminCommands } from './admin-commands.ts';
import type { Login, LoginOptions } from './login.ts';
import type { SshMetrics } from './ssh-metrics.ts';
import type { EnvironmentViews } from './visible-environments.ts';

/** What a connection needs of the gateway. */
export interface ConnectionOptions extends LoginOptions {
  readonly onForwardEnd: (forward: Forward, ending: ForwardEnding) => void;
  readonly onChannelOpen: (forward: Forward, result: OpenResult, detail?: string) => void;
  readonly onDraining?: (forward: Forward) => void;
  readonly onSilence?: (forward: Forward, silent: boolean) => void;
  readonly environments: EnvironmentViews;
  /** The commands that manage the gateway; none, if they are not given. */
  readonly admin?: AdminCommands | undefined;
  /** Leads people through to machines; nobody is led anywhere, if it is not given. */
  readonly jumps?: Jumps | undefined;
  readonly heartbeat: Heartbeat;
  readonly feed: RequestFeed;
  readonly maxForwards: number;
  readonly maxChannels: number;
  readonly channelOpenTimeoutMs: number;
  readonly metrics: SshMetrics;
  /** Where it is noted who did what; nowhere, if it is not given. */
  readonly audit?: AuditRecorder | undefined;
}

export interface ConnectionEvents {
  /** The login is over: the place among the start-ups is free again. */
  readonly onReady: (tunnel: Tunnel, login: Login) => void;
  readonly onClosed: (tunnel: Tunnel | undefined) => void;
}
