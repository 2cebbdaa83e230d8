import { lowerCaseAscii } from '../../core/slug.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { TargetBook } from '../targets/target-book.ts';
import type { GateRecord } from '../targets/target-record.ts';
import { failed, type Answer } from './answer.ts';

/** The gate that a text names, or that there is none. Every member may know of all. */
export function knownGate(
  book: Pick<TargetBook, 'gate' | 'gateNamed' | 'gates'>,
  text: string,
): GateRecord | Answer {
  const wanted = lowerCaseAscii(text);
  const found = book.gateNamed(wanted) ?? book.gate(wanted);
  if (found !== undefined) return found;
  const known = [...book.gates()].map(({ name }) => name);
  return failed(`there is no gate ${text}${didYouMean(text, known)}`);
}
