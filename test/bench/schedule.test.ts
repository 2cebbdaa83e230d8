import t from 'tap';
import type { Case } from '../../bench/cases/case.ts';
import { schedule } from '../../bench/schedule.ts';

const fakeCase = (name: string, more: Partial<Case> = {}): Case => ({
  name,
  title: name,
  tools: [],
  instance: 'shared',
  canRun: () => true,
  run: async () => [],
  ...more,
});

const inWords = (options: Parameters<typeof schedule<string>>[0]): string[] =>
  schedule(options).map((heat) => `${heat.round} ${heat.case.name} ${heat.contestant}`);

t.test('interleaves the rounds, and changes the order of the contestants', async (t) => {
  const cases = [fakeCase('fast'), fakeCase('fair')];
  t.same(inWords({ cases, contestants: ['a', 'b', 'c'], rounds: 2, canRun: () => true }), [
    ...['1 fast a', '1 fast b', '1 fast c', '1 fair a', '1 fair b', '1 fair c'],
    ...['2 fast b', '2 fast c', '2 fast a', '2 fair b', '2 fair c', '2 fair a'],
  ]);
});

t.test('leaves out who cannot do a case, and repeats a case no more than it wants', async (t) => {
  const cases = [fakeCase('fast'), fakeCase('long', { maxRounds: 1 })];
  const canRun = (testCase: Case, contestant: string): boolean =>
    testCase.name === 'fast' || contestant === 'b';
  t.same(inWords({ cases, contestants: ['a', 'b'], rounds: 2, canRun }), [
    ...['1 fast a', '1 fast b', '1 long b'],
    ...['2 fast b', '2 fast a'],
  ]);
});

t.test('has nothing to do without contestants', async (t) => {
  t.same(schedule({ cases: [fakeCase('fast')], contestants: [], rounds: 3, canRun: () => true }), []);
});
