import type { TestScope } from '../../test/support/scope.ts';
import type { Workspace } from '../workspace.ts';

/** One promise held against what was seen. */
export interface Finding {
  /** What was asked of it. */
  readonly asked: string;
  /** What was measured. */
  readonly measured: string;
  readonly kept: boolean;
}

/** What a scenario has to work with. */
export interface Trial {
  readonly workspace: Workspace;
  /** Seconds instead of minutes: shows that it works, not how long it lasts. */
  readonly short: boolean;
  /** Undone in reverse when the scenario is over, however it ends. */
  readonly scope: Pick<TestScope, 'teardown'>;
  /** Rejects when the run is to end before its time. */
  readonly pause: (ms: number) => Promise<void>;
  /** Tells how it goes on, and the details of what went wrong. */
  readonly say: (line: string) => void;
}

/** One way in which the life of tunnels is disturbed. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Why it cannot be run here; undefined when it can. */
  readonly obstacle: () => string | undefined;
  run(trial: Trial): Promise<Finding[]>;
}
