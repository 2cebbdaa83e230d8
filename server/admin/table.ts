/** Rows of cells as lines with aligned columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** What things are, one a line: `  role   admin`. */
export function facts(pairs: readonly (readonly [name: string, value: string | undefined])[]): string[] {
  const told = pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return table(told).map((line) => `  ${line}`);
}

const longest = 40;

/** Text that would make a column too wide, cut. */
export function short(text: string): string {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text;
}
