/** The forms that an answer of the gateway itself comes in. */
export type AnswerForm = 'html' | 'json' | 'text';

interface Preference {
  readonly form: AnswerForm;
  readonly quality: number;
}

/** The form that an `Accept` header prefers (RFC 9110, 12.5.1): a page or JSON when it names one, else a line of text. */
export function preferredForm(accept: string): AnswerForm {
  let best: Preference = { form: 'text', quality: 0 };
  for (const range of accept.split(',')) {
    const preference = readRange(range);
    if (preference !== undefined && preference.quality > best.quality) best = preference;
  }
  return best.form;
}

function readRange(range: string): Preference | undefined {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const form = formOf(type);
  if (form === undefined) return undefined;
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = given === undefined ? 1 : Number(given);
  return { form, quality: Number.isFinite(quality) ? quality : 0 };
}

function formOf(type: string): AnswerForm | undefined {
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  if (type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type)) return 'json';
  return undefined;
}
