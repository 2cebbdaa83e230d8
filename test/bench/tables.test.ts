import t from 'tap';
import { judge, summarize } from '../../bench/report.ts';
import { figuresTable, formatFigure, markdownTable, verdictsTable } from '../../bench/tables.ts';

t.test('a table lines up', async (t) => {
  t.equal(
    markdownTable(
      ['case', 'x'],
      [
        ['fast', '1,000'],
        ['longer name', ''],
      ],
    ),
    [
      '| case        |     x |',
      '| ----------- | ----: |',
      '| fast        | 1,000 |',
      '| longer name |       |',
    ].join('\n'),
  );
});

t.test('figures have the digits that mean something', async (t) => {
  const figures: [number, string][] = [
    [16_623.4, '16,623'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.1234, '0.123'],
    [0, '0'],
  ];
  for (const [value, text] of figures) t.equal(formatFigure(value), text);
});

const base = { case: 'fast', metric: 'rate', unit: 'requests/s', better: 'higher', round: 1 } as const;
const rows = summarize(
  [
    { ...base, peer: 'reference', value: 200 },
    { ...base, peer: 'ours', value: 150 },
  ],
  'reference',
);

t.test('the ratio stands beside the figure, but not at the reference', async (t) => {
  const [, , line] = figuresTable(rows, ['reference', 'ours', 'absent'], 'reference').split('\n');
  t.equal(line?.replace(/ +/g, ' '), '| fast | rate, requests/s | 200 | 150 (0.75) | |');
});

t.test('a target is reached, not reached, or not measured', async (t) => {
  const target = (says: string, atLeast: number, metric = 'rate') =>
    ({ case: 'fast', metric, says, bound: { kind: 'ratio', atLeast } }) as const;
  const verdicts = judge([target('a', 0.5), target('b', 0.8), target('c', 1, 'other')], ['ours'], rows);
  const lines = verdictsTable(verdicts).split('\n').slice(2);
  t.same(
    lines.map((line) => line.replace(/ +/g, ' ')),
    [
      '| a | ours | at least 0.5 x | 0.75 x | reached |',
      '| b | ours | at least 0.8 x | 0.75 x | NOT REACHED |',
      '| c | | at least 1 x | | not measured |',
    ],
  );
});
