import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Portholed } from './portholed.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';

/** A gateway as its own process, and a key that it admits. */
export interface GatewayWithKey {
  readonly gateway: Portholed;
  readonly key: SshKey;
  /** Its authorized keys, which a test may change. */
  readonly keysFile: string;
}

/** Starts one, which admits the keys of others too; what it logged is shown when the test failed. */
export async function startGateway(
  t: TestScope,
  args: readonly string[] = [],
  others: readonly SshKey[] = [],
): Promise<GatewayWithKey> {
  const key = makeKey(t);
  const keysFile = join(scratchDir(t), 'authorized_keys');
  writeFileSync(keysFile, [key, ...others].map(({ line }) => `${line}\n`).join(''));
  const gateway = await Portholed.start(t, ['--authorized-keys', keysFile, ...args]);
  t.teardown(() => {
    if (!t.passing()) t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
  });
  return { gateway, key, keysFile };
}
