import { readFileSync } from 'node:fs';
import type { Operator } from '../../../server/operator/operator.ts';
import { StateDir } from '../../../server/state-dir.ts';

/** A process for the operator's commands, with what it was told. */
export interface FakeOperator {
  readonly operator: Operator;
  readonly out: string[];
  readonly err: string[];
}

export function fakeOperator(overrides: Partial<Operator> = {}): FakeOperator {
  const out: string[] = [];
  const err: string[] = [];
  const operator: Operator = {
    env: { HOME: '/nowhere' },
    readFile: (path) => readFileSync(path, 'utf8'),
    readStdin: () => Promise.resolve(''),
    openStateDir: (path) => {
      const stateDir = new StateDir(path);
      stateDir.close();
      return stateDir.path;
    },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    now: () => Date.UTC(2030, 0, 1),
    ...overrides,
  };
  return { operator, out, err };
}
