import { parsePublicKey, type PublicKey } from '../../core/public-key.ts';
import { PortholeError } from '../../core/errors.ts';
import { UsageProblem, type Operator } from './operator.ts';

/** Longer than any public key, with room to recognise a private one. */
const maxBytes = 65_536;

/** The public key in a file, or on standard input for `-`. Throws `UsageProblem`, which never repeats what it read. */
export async function readPublicKey(file: string, operator: Operator): Promise<PublicKey> {
  const parsed = parsePublicKey(await textOf(file, operator));
  if (parsed.ok) return parsed.key;
  throw new UsageProblem([`${file === '-' ? 'standard input' : file}: ${parsed.problem}`]);
}

async function textOf(file: string, { readFile, readStdin }: Operator): Promise<string> {
  if (file === '-') return readStdin(maxBytes);
  try {
    return readFile(file).slice(0, maxBytes);
  } catch (cause) {
    throw new PortholeError('ERR_CONFIG', {
      cause,
      message: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
    });
  }
}
