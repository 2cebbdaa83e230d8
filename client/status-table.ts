import type { GatewayStatus } from './gateway-answers.ts';
import { oneLine } from './printable.ts';

/** The answer to `status` for a person: one line a forward, the URL first. */
export function statusTable(status: GatewayStatus): string[] {
  const rows = status.forwards.map((forward) => [
    oneLine(forward.url),
    [forward.service, forward.port].filter((part) => part !== undefined).join(':') || '(default)',
    forward.access ?? '',
    forward.state ?? '',
  ]);
  const lines = rows.length === 0 ? [`${oneLine(status.env)}: nothing is connected`] : align(rows);
  return [
    ...lines,
    ...status.refused.map(({ request, reason }) => `refused: ${oneLine(request)}: ${oneLine(reason)}`),
  ];
}

function align(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => oneLine(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
