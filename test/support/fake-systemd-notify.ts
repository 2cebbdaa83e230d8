import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

export interface FakeNotifier {
  /** For a process that is to believe that a service manager listens. */
  readonly env: { readonly PATH: string; readonly NOTIFY_SOCKET: string };
  /** The messages, one a line, their words divided by `|`. */
  readonly told: () => string[];
}

/** A `systemd-notify` that writes down what it is told, and then does what the script says. */
export function fakeSystemdNotify(t: Pick<TestScope, 'teardown'>, script = ''): FakeNotifier {
  const directory = scratchDir(t);
  const path = join(directory, 'systemd-notify');
  const record = join(directory, 'told');
  writeFileSync(record, '');
  writeFileSync(path, `#!/bin/sh\nprintf '%s|' "$@" >> ${record}\n${script}\necho >> ${record}\n`);
  chmodSync(path, 0o755);
  return {
    env: {
      PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}`,
      NOTIFY_SOCKET: '/run/porthole-test',
    },
    told: () => readFileSync(record, 'utf8').split('\n').slice(0, -1),
  };
}
