import type { CommandConnection } from './answer.ts';
import type { KeyServices } from './key-services.ts';
import type { OwnedEnvironmentServices } from './owned-environment.ts';
import type { Audit } from '../store/audit-entry.ts';
import type { JumpSessions } from '../targets/jump-session.ts';
import type { PresentTunnel } from '../targets/presence.ts';
import type { Reachability } from '../targets/reach.ts';
import type { TargetBook } from '../targets/target-book.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import type { ReportOutcome, TargetReport } from '../targets/target-reports.ts';

/** What the commands need that are about machines, gates, grants and who is in. */
export interface GateServices extends OwnedEnvironmentServices, Pick<KeyServices, 'keys' | 'fileKeys'> {
  readonly book: TargetBook;
  readonly reach: Reachability;
  readonly reports: { report(report: TargetReport): Promise<ReportOutcome> };
  /** Whether the gate leads to its SSH server at this moment. */
  readonly isOnline: (target: TargetRecord) => boolean;
  /** What goes through the gate at this moment. */
  readonly jumps: JumpSessions;
  readonly audit: Pick<Audit, 'record' | 'list'>;
  /** The principals that the gateway knows. */
  readonly principals: { has(name: string): boolean };
  /** The tunnel by which a machine is reached that reports itself over a connection. */
  readonly reportedTunnel: (connection: CommandConnection, owner: string) => PresentTunnel | undefined;
  /** Where people dial in. `hostKey` is a line as of a `.pub` file. */
  readonly gateway: () => { readonly host: string; readonly port: number; readonly hostKey: string };
}
