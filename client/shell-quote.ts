const plain = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/**
 * One word of a POSIX shell command line: as it is when nothing in it is special, in single quotes otherwise.
 */
export function shellQuote(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of these words, of which the first is a program and so holds no `=`. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
