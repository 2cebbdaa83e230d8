import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentPlaces } from '../../client/agent-setup/prepare-agent.ts';
import type { TestScope } from './scope.ts';
import { makeKey } from './ssh-keys.ts';

/** Where an sshd could run that includes a directory: its own files, which nobody but root may write. It is only asked, and never started. */
export interface SshdPlace extends AgentPlaces {
  readonly root: string;
  readonly included: string;
  /** What its main configuration says after the Include. */
  readonly configure: (lines?: readonly string[]) => void;
}

export function sshdPlace(t: TestScope): SshdPlace {
  const root = mkdtempSync('/run/porthole-test-');
  chmodSync(root, 0o755);
  t.teardown(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const included = join(root, 'sshd_config.d');
  mkdirSync(included);
  const sshdConfig = join(root, 'sshd_config');
  const { path: hostKey } = makeKey(t);
  const configure = (lines: readonly string[] = []): void => {
    const fixed = [`Include ${included}/*.conf`, `HostKey ${hostKey}`, `PidFile ${join(root, 'sshd.pid')}`];
    writeFileSync(sshdConfig, `${[...fixed, ...lines].join('\n')}\n`);
  };
  configure();
  return {
    root,
    included,
    sshdConfig,
    sshd: '/usr/sbin/sshd',
    dir: join(root, 'porthole'),
    dropIn: undefined,
    configure,
  };
}
