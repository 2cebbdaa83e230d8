import { isName, isReservedLabel } from '../../core/names.ts';
import { quote } from '../../core/quote.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import type { TargetBook } from './target-book.ts';
import type { TargetRecord } from './target-record.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Fewer digits are too easily a name, or another's. */
const fewestDigits = 6;
/** What `ssh` would take for an address: `42` is 0.0.0.42. */
const number = /^(?:\d+|0x[0-9a-f]*)$/;

/** Whether the text is the id of a target: a UUID in lower case. */
export function isTargetId(text: string): boolean {
  return uuid.test(text);
}

/** The target that a person means: by its UUID, its name, or the first six or more digits of its UUID if no other begins so. */
export function findTarget(
  book: Pick<TargetBook, 'targets' | 'target' | 'targetNamed'>,
  text: string,
): TargetRecord | undefined {
  const wanted = lowerCaseAscii(text);
  const exact = book.target(wanted) ?? book.targetNamed(wanted);
  if (exact !== undefined) return exact;
  if (wanted.length < fewestDigits || !/^[0-9a-f-]+$/.test(wanted)) return undefined;
  const found: TargetRecord[] = [];
  for (const target of book.targets()) if (target.id.startsWith(wanted)) found.push(target);
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The target that a name in an address means. Never one whose name is that of an environment which belongs to somebody else: whoever asks for
 * the environment `pr-42` does not get to another owner's machine that happens to be called so, or was the one there before.
 */
export function targetAddressed(
  book: Pick<TargetBook, 'target' | 'targetNamed'>,
  name: string,
  ownerOf: (env: string) => string | undefined,
): TargetRecord | undefined {
  if (isTargetId(name)) return book.target(name);
  const target = book.targetNamed(name);
  const owner = ownerOf(name);
  return owner === undefined || owner === target?.owner ? target : undefined;
}

/** Why no target can be called so, in words for whoever wants it; undefined for a good name. */
export function targetNameProblem(text: string): string | undefined {
  const about = `the name ${quote(text)}`;
  if (!isName(text))
    return `${about} is none: names have a-z, 0-9 and single hyphens between them, at most 63 characters`;
  if (isTargetId(text)) return `${about} could be taken for the id of a machine`;
  if (number.test(text)) return `${about} could be taken for an address: begin it with a letter`;
  return isReservedLabel(text) ? `${about} is reserved` : undefined;
}
