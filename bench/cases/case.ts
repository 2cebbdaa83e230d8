import type { RunningPeer } from '../peers/peer.ts';
import type { Tool } from '../tools.ts';
import type { Workspace } from '../workspace.ts';

/** One figure that a case found. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** What a case works with. */
export interface Trial {
  readonly workspace: Workspace;
  readonly peer: RunningPeer;
  /** Length of a load. */
  readonly seconds: number;
}

/** One thing that is measured at every peer that can do it. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly tools: readonly Tool[];
  /** `shared`: any instance will do; `fresh`: one that has served nothing else, because memory is measured. */
  readonly instance: 'shared' | 'fresh';
  /** It is not repeated more often than this. */
  readonly maxRounds?: number;
  /** Too long for a quick run. */
  readonly long?: true;
  /** Whether a peer has what it takes. */
  canRun(peer: RunningPeer): boolean;
  run(trial: Trial): Promise<Measurement[]>;
}
