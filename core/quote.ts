const longest = 60;

/** The text in quotes, cut, with all but printable ASCII escaped: what a stranger sent, fit for a terminal and a log. */
export function quote(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return `"${cut.replace(/[^\x20-\x7e]|["\\]/g, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
