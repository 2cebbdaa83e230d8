/**
 * Ends a problem about an unknown word: ` (did you mean --hold?)` if one of the known words is close to it, else nothing.
 * The prefix that all words have does not count.
 */
export function didYouMean(unknown: string, known: readonly string[], prefix = ''): string {
  const bare = (word: string): string => (word.startsWith(prefix) ? word.slice(prefix.length) : word);
  const best = known
    .map((word) => ({
      word,
      distance: editDistance(bare(unknown).slice(0, longest), bare(word)),
      limit: Math.max(1, Math.floor(bare(word).length / 3)),
    }))
    .filter(({ distance, limit }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0];
  return best === undefined ? '' : ` (did you mean ${best.word}?)`;
}

const longest = 100;

/** The optimal string alignment distance: characters put in, taken out, exchanged, or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= b.length; column++) {
      const exchanged = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? at(row - 2, column - 2) + 1 : Infinity;
      line.push(Math.min(exchanged, swapped, at(row - 1, column) + 1, at(row, column - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
