/** A piece of markup: what may stand in a page as it is. */
export class Html {
  readonly text: string;

  /** For markup that is written down in the sources; everything else goes through `markup`. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What `markup` takes: text, which it escapes, and markup, which it does not; nothing, for what is not there. */
export type HtmlPart = string | number | Html | undefined | readonly Html[];

/** Markup with parts put into it: ``markup`<p>${name}</p>` ``. No text becomes markup, neither between tags nor in quoted attributes. */
export function markup(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const [first = '', ...rest] = strings;
  return new Html(rest.reduce((text, next, at) => text + textOf(parts[at]) + next, first));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textOf(part: HtmlPart): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return escapeHtml(String(part));
}
