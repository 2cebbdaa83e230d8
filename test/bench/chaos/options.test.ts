import t from 'tap';
import { parseChaosCommandLine } from '../../../bench/chaos/options.ts';

const known = ['first', 'second', 'third'];

t.test('everything, unless the command line says otherwise', async (t) => {
  const options = { short: false, names: undefined, jsonFile: undefined };
  t.same(parseChaosCommandLine([], known), { kind: 'run', options });
});

t.test('short, some, and into a file', async (t) => {
  const argv = ['--short', '--only', 'first,third', '--only', 'second', '--json', 'out.json'];
  const options = { short: true, names: ['first', 'third', 'second'], jsonFile: 'out.json' };
  t.same(parseChaosCommandLine(argv, known), { kind: 'run', options });
});

t.test('help', async (t) => {
  t.same(parseChaosCommandLine(['-h'], known), { kind: 'help' });
});

t.test('mistakes are told', async (t) => {
  t.match(parseChaosCommandLine(['--only', 'fourth'], known), { kind: 'usage', problem: /'fourth'.*first/ });
  t.match(parseChaosCommandLine(['--loud'], known), { kind: 'usage' });
  t.match(parseChaosCommandLine(['first'], known), { kind: 'usage' });
});
