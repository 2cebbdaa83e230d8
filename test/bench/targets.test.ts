import t from 'tap';
import { cases } from '../../bench/cases.ts';
import { targets } from '../../bench/targets.ts';

t.test('every target is about a case that there is', async (t) => {
  const names = new Set(cases.map(({ name }) => name));
  for (const target of targets) t.ok(names.has(target.case), `${target.says}: ${target.case}`);
});

t.test('cases have names of their own', async (t) => {
  t.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});
