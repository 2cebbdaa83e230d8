import { fingerprint } from '../../core/fingerprint.ts';
import type { PublicKey } from '../../core/public-key.ts';
import { ok, type Outcome } from '../outcome.ts';
import { readKeyArgument } from '../public-key-argument.ts';
import type { Surroundings } from '../surroundings.ts';

/** `porthole key check`: whether a public key is sound. No gateway is asked. */
export async function keyCheck(
  word: string,
  { json }: { json: boolean },
  around: Surroundings,
): Promise<Outcome> {
  const read = await readKeyArgument(word, around);
  if (!read.ok) {
    if (json) around.out(JSON.stringify({ ok: false, code: read.code, problem: read.problem }));
    return { kind: 'failed', reason: read.problem };
  }
  for (const line of json ? [jsonOf(read.key)] : linesOf(read.key)) around.out(line);
  return ok;
}

function linesOf({ type, bits, comment, blob, application }: PublicKey): string[] {
  const facts: [string, string | undefined][] = [
    ['fingerprint', fingerprint(Buffer.from(blob))],
    ['type', `${type} (${String(bits)} bits)`],
    ['comment', comment === '' ? undefined : comment],
    ['application', application],
  ];
  const told = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd('fingerprint'.length)}  ${value}`],
  );
  return ['this is a sound public key', ...told];
}

function jsonOf({ type, bits, comment, blob, application, line }: PublicKey): string {
  return JSON.stringify({
    ok: true,
    fingerprint: fingerprint(Buffer.from(blob)),
    type,
    bits,
    comment,
    application: application ?? null,
    publicKey: line,
  });
}
