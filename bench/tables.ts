import type { Cell, Row, Verdict } from './report.ts';

/** Lays out a Markdown table that is also readable as it is: first column to the left, the others to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

const pad = (text: string, width: number, column: number): string =>
  column === 0 ? text.padEnd(width) : text.padStart(width);

/** A figure with about three digits that mean something, thousands set apart. */
export function formatFigure(value: number): string {
  const decimals = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function formatCell(cell: Cell | undefined, isReference: boolean): string {
  if (cell === undefined) return '';
  const ratio = cell.ratio === undefined || isReference ? '' : ` (${cell.ratio.toFixed(2)})`;
  return formatFigure(cell.median) + ratio;
}

/** The medians of all figures, a column for each peer, with the ratio to the reference in brackets. */
export function figuresTable(rows: readonly Row[], peers: readonly string[], reference: string): string {
  const header = ['case', 'figure', ...peers];
  const body = rows.map((row) => [
    row.case,
    `${row.metric}, ${row.unit}`,
    ...peers.map((peer) => formatCell(row.cells[peer], peer === reference)),
  ]);
  return markdownTable(header, body);
}

function formatBound({ target: { bound } }: Verdict): string {
  if (bound.kind === 'ratio') return `at least ${bound.atLeast} x`;
  return 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`;
}

function formatActual({ target, actual }: Verdict): string {
  if (actual === undefined) return '';
  return target.bound.kind === 'ratio' ? `${actual.toFixed(2)} x` : formatFigure(actual);
}

const formatReached = ({ reached }: Verdict): string =>
  reached === undefined ? 'not measured' : reached ? 'reached' : 'NOT REACHED';

/** What must be reached, what was, and whether that is enough. */
export function verdictsTable(verdicts: readonly Verdict[]): string {
  const body = verdicts.map((verdict) => [
    verdict.target.says,
    verdict.peer,
    formatBound(verdict),
    formatActual(verdict),
    formatReached(verdict),
  ]);
  return markdownTable(['target', 'peer', 'wanted', 'measured', ''], body);
}
