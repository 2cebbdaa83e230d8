import type { TargetBook } from './target-book.ts';
import { targetNameProblem } from './target-names.ts';
import type { TargetRecord } from './target-record.ts';

export interface NameWish {
  /** Of the new target. */
  readonly id: string;
  readonly env: string;
  readonly owner: string;
  /** What it would like to be called. */
  readonly name: string;
}

export interface NameFacts {
  readonly book: Pick<TargetBook, 'targetNamed'>;
  readonly isLive: (targetId: string) => boolean;
  /** Whether the name is that of an environment of somebody else. */
  readonly isForeign: (name: string) => boolean;
}

export interface NewName {
  readonly name: string;
  /** Who was called so until now, and what they are called instead. */
  readonly displaced?: { readonly target: TargetRecord; readonly name: string };
}

const maxLength = 63;
const maxTries = 100;

/**
 * What a new target is called. The plain name goes to the machine that has taken the place of another: of the one that was made anew, or of the
 * former owner's. Where another machine is there, it gets the next number.
 */
export function nameNewTarget(wish: NameWish, facts: NameFacts): NewName {
  const name = usable(wish);
  const holder = facts.book.targetNamed(name);
  if (holder === undefined) return { name: facts.isForeign(name) ? nextName(name, wish, facts) : name };
  if (holder.env !== wish.env || (holder.owner === wish.owner && facts.isLive(holder.id)))
    return { name: nextName(name, wish, facts) };
  return { name, displaced: { target: holder, name: displacedName(holder, facts) } };
}

function usable({ name, id }: NameWish): string {
  if (targetNameProblem(name) === undefined) return name;
  // A number, or the like: `42` would be an address.
  const longer = withEnding('m', name);
  return targetNameProblem(longer) === undefined ? longer : withEnding('m', digitsOf(id).slice(0, 8));
}

/** `pr-42-2`, `pr-42-3`. */
function nextName(name: string, { id }: NameWish, facts: NameFacts): string {
  for (let number = 2; number < maxTries; number += 1) {
    const candidate = withEnding(name, String(number));
    if (isFree(candidate, facts)) return candidate;
  }
  return withDigits(name, id, facts);
}

/** `pr-42-1f9c`. */
function displacedName({ name, id }: TargetRecord, facts: NameFacts): string {
  return withDigits(name, id, facts);
}

/** With as many digits of the UUID as make it unique. */
function withDigits(name: string, id: string, facts: NameFacts): string {
  const digits = digitsOf(id);
  for (let count = 4; count < digits.length; count += 4) {
    const candidate = withEnding(name, digits.slice(0, count));
    if (isFree(candidate, facts)) return candidate;
  }
  return withEnding(name, digits);
}

function isFree(name: string, { book, isForeign }: NameFacts): boolean {
  return targetNameProblem(name) === undefined && book.targetNamed(name) === undefined && !isForeign(name);
}

function withEnding(name: string, ending: string): string {
  return `${name.slice(0, maxLength - 1 - ending.length).replace(/-$/, '')}-${ending}`;
}

function digitsOf(id: string): string {
  return id.replaceAll('-', '');
}
