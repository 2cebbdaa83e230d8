import type { BenchResult } from './bench.ts';
import { figuresTable, verdictsTable } from './tables.ts';

const longestReason = 240;

/** A reason on one line; the whole of it is in the JSON. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, longestReason);

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}\n\n${list(lines)}`];
}

/** A run's result as Markdown, for a terminal as well as for a file. */
export function summaryText(result: BenchResult): string {
  const { rounds, seconds, reference, peers, rows, verdicts } = result;
  const peerNames = peers.map(({ name }) => name);
  const tls = peers.flatMap((peer) => (peer.tls === undefined ? [] : [`${peer.name}: ${peer.tls}`]));
  return [
    ...section('Measured with', [
      result.startedAt,
      ...Object.entries(result.machine).map(([what, value]) => `${what}: ${value}`),
      ...Object.entries(result.versions).map(([what, value]) => `${what}: ${value}`),
    ]),
    ...section(
      'Peers',
      peers.map(({ name, title }) => `${name}: ${title}`),
    ),
    ...section('TLS', tls),
    ...section(
      'Cases',
      result.cases.map(({ name, title }) => `${name}: ${title}`),
    ),
    `Medians of ${rounds} interleaved rounds, ${seconds} s a load; in brackets the ratio to ${reference}`,
    figuresTable(rows, peerNames, reference),
    ...(verdicts.length === 0 ? [] : ['Targets', verdictsTable(verdicts)]),
    ...section(
      'Left out',
      result.leftOut.map(({ name, reason }) => `${name}: ${oneLine(reason)}`),
    ),
    ...section(
      'Failed',
      result.failures.map(
        (failure) =>
          `${failure.case} at ${failure.peer} in round ${failure.round}: ${oneLine(failure.reason)}`,
      ),
    ),
  ].join('\n\n');
}
