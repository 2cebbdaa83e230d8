const longest = 2000;

/** Text from the gateway, safe for a terminal: without control and direction characters, in one line, cut. */
export function oneLine(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
    .trim()
    .slice(0, longest);
}
