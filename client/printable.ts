const longest = 2000;

/** Text from the gateway, safe for a terminal: without control and direction characters, in one line, cut. */
export function oneLine(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
    .trim()
    .slice(0, longest);
}

/** Text of several lines from the gateway, each safe for a terminal, and kept whole: columns, JSON. */
export function safeLines(text: string): string[] {
  if (text === '') return [];
  return text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?'));
}

/** The text if it is a URL of the web and nothing else; what the gateway says is written to files and terminals. */
export function httpUrl(text: string): string | undefined {
  return /^https?:\/\/[\x21-\x7e]+$/.test(text) && text.length <= longest && URL.canParse(text)
    ? text
    : undefined;
}
