import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';

/**
 * A text in which one claim may stand: `github:${repository}`. One and no more: with two, `a-b` and `c` would give the same text as `a` and `b-c`, and
 * one repository could pass for another.
 */
export interface Template {
  readonly before: string;
  /** The claim's name; undefined for a text that is always the same. */
  readonly claim: string | undefined;
  readonly after: string;
}

/** Reads it; `$` without a brace is a dollar. */
export function parseTemplate(text: string): Parsed<Template> {
  const [before = '', rest, ...more] = text.split('${');
  if (rest === undefined) return { ok: true, value: { before, claim: undefined, after: '' } };
  if (more.length > 0)
    return problem(`${quote(text)} has more than one \${claim}: only one can be told apart`);
  const end = rest.indexOf('}');
  const claim = rest.slice(0, Math.max(end, 0));
  if (end === -1 || !/^[\w.:/-]{1,64}$/.test(claim))
    return problem(`${quote(text)} has a \${ without the name of a claim and a }`);
  return { ok: true, value: { before, claim, after: rest.slice(end + 1) } };
}

/** The text for these claims; undefined where the token does not have the claim, or it is empty or no plain text. */
export function fillTemplate(
  { before, claim, after }: Template,
  claims: Readonly<Record<string, unknown>>,
): string | undefined {
  if (claim === undefined) return before;
  const value = Object.hasOwn(claims, claim) ? plainText(claims[claim]) : undefined;
  return value === undefined ? undefined : before + value + after;
}

const maxBytes = 255;

function plainText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > maxBytes) return undefined;
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(value) ? undefined : value;
}
