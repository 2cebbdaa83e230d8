import { problem, type Parsed } from '../../core/parsed.ts';

/** The fields of a form, each there once. */
export type Form = ReadonlyMap<string, string>;

/** Our forms are short. */
export const maxFormBytes = 8192;
const maxFields = 16;
const formType = /^application\/x-www-form-urlencoded\s*(?:;\s*charset=("?)utf-8\1\s*)?$/i;
/** What browsers write; everything else is percent-encoded. */
const encoded = /^(?:[\w*.-]|\+|%[0-9a-f]{2})*$/i;

/** Reads `application/x-www-form-urlencoded` (WHATWG URL, 5.1), and only what a browser would have written. */
export function readForm(body: Buffer, contentType: string | undefined): Parsed<Form> {
  if (!formType.test(contentType ?? '')) return problem('This is no form.');
  if (body.length > maxFormBytes) return problem('The form is too long.');
  const fields = new Map<string, string>();
  const pairs = body.length === 0 ? [] : body.toString('latin1').split('&');
  if (pairs.length > maxFields) return problem('The form has too many fields.');
  for (const pair of pairs) {
    const [name, value, more] = pair.split('=').map(decode);
    if (name === undefined || name === '' || value === undefined || more !== undefined)
      return problem('A field of the form is not valid.');
    if (fields.has(name)) return problem('A field of the form is there twice.');
    fields.set(name, value);
  }
  return { ok: true, value: fields };
}

function decode(text: string): string | undefined {
  if (!encoded.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
