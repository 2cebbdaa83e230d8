import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from './scope.ts';

/** A directory of the test's own, gone with it. */
export function scratchDir(t: Pick<TestScope, 'teardown'>): string {
  const path = mkdtempSync(join(tmpdir(), 'porthole-test-'));
  t.teardown(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}
