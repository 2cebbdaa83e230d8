import { createRequire } from 'node:module';

/**
 * Whether ssh2 uses its compiled part. It is optional, is silently absent where install scripts do not run, and without it small packets
 * cost several times more.
 */
export function nativePartIsUsed(): boolean {
  const load = createRequire(import.meta.url);
  const { bindingAvailable } = load('ssh2/lib/protocol/crypto.js') as { bindingAvailable: boolean };
  return bindingAvailable;
}
