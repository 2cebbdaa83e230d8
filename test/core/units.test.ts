import fc from 'fast-check';
import t from 'tap';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../core/units.ts';

t.test('durations', (t) => {
  const cases = {
    '250ms': 250,
    '0s': 0,
    '10s': 10_000,
    '5m': 300_000,
    '2h': 7_200_000,
    '30d': 2_592_000_000,
  };
  for (const [text, ms] of Object.entries(cases)) t.equal(parseDuration(text), ms, text);
  for (const text of [
    '',
    '10',
    '-1s',
    '1.5s',
    '1h30m',
    '10 s',
    ' 10s',
    '10S',
    '10w',
    's',
    '999999999999999d',
    '1e3s',
  ]) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
  t.end();
});

t.test('sizes', (t) => {
  const cases = {
    '512': 512,
    '512B': 512,
    '32KiB': 32_768,
    '10MB': 10_000_000,
    '1gib': 1_073_741_824,
    '3kb': 3000,
    '0': 0,
  };
  for (const [text, bytes] of Object.entries(cases)) t.equal(parseSize(text), bytes, text);
  for (const text of ['', 'KiB', '-1', '1.5MB', '1 MB', '1M', '1iB', '1TB', '999999999999999GiB']) {
    t.equal(parseSize(text), undefined, JSON.stringify(text));
  }
  t.end();
});

t.test('formatted in the largest unit that is exact', (t) => {
  const durations: [number, string][] = [
    ...([
      [0, '0s'],
      [250, '250ms'],
      [1500, '1500ms'],
      [90_000, '90s'],
    ] as [number, string][]),
    ...([
      [7_200_000, '2h'],
      [86_400_000, '1d'],
    ] as [number, string][]),
  ];
  for (const [ms, text] of durations) t.equal(formatDuration(ms), text);
  const sizes: [number, string][] = [
    ...([
      [0, '0B'],
      [512, '512B'],
      [32_768, '32KiB'],
    ] as [number, string][]),
    ...([
      [10_000_000, '10MB'],
      [1_073_741_824, '1GiB'],
    ] as [number, string][]),
  ];
  for (const [bytes, text] of sizes) t.equal(formatSize(bytes), text);
  t.end();
});

t.test('what is formatted is read back, whatever the number', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999_999_999_999_999 }),
      (ms) => parseDuration(formatDuration(ms)) === ms,
    ),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999_999_999_999_999 }),
      (bytes) => parseSize(formatSize(bytes)) === bytes,
    ),
  );
  t.end();
});

t.test('any text gives a safe whole number or undefined', (t) => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}(ms|s|m|h|d|KiB|MB|GiB)?$/));
  const isFine = (value: number | undefined): boolean =>
    value === undefined || (Number.isSafeInteger(value) && value >= 0);
  fc.assert(fc.property(texts, (text) => isFine(parseDuration(text)) && isFine(parseSize(text))));
  t.end();
});
