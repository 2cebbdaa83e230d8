import fc from 'fast-check';
import t from 'tap';
import { parseCommandLine } from '../../bench/options.ts';
import type { BenchOptions } from '../../bench/options.ts';

function optionsOf(...argv: string[]): BenchOptions {
  const commandLine = parseCommandLine(argv);
  if (commandLine.kind !== 'run') throw new Error(`'${argv.join(' ')}' gave ${commandLine.kind}`);
  return commandLine.options;
}

t.test('has defaults', async (t) => {
  t.match(optionsOf(), { rounds: 5, seconds: 4, quick: false, external: [] });
  t.equal(optionsOf().cases, undefined);
  t.match(optionsOf('--quick'), { rounds: 1, seconds: 1, quick: true });
  t.match(optionsOf('--quick', '--rounds', '3'), { rounds: 3, seconds: 1 }, 'what is asked for goes first');
});

t.test('takes lists', async (t) => {
  t.same(optionsOf('--only', 'latency,fairness').cases, ['latency', 'fairness']);
  t.same(optionsOf('--only', 'latency', '--only', 'fairness').cases, ['latency', 'fairness']);
  t.same(optionsOf('--peers', 'origin').peers, ['origin']);
});

t.test('takes other gateways', async (t) => {
  const [one, two, ...more] = optionsOf(
    '--peer',
    'one=http://h:1',
    '--peer',
    'two=https://x.localhost',
  ).external;
  t.equal(one?.name, 'one');
  t.equal(one?.url.host, 'h:1');
  t.equal(two?.url.protocol, 'https:');
  t.same(more, []);
});

t.test('asks for help', async (t) => {
  t.same(parseCommandLine(['--help']), { kind: 'help' });
  t.same(parseCommandLine(['-h']), { kind: 'help' });
});

t.test('tells mistakes', async (t) => {
  const mistakes = [
    ['--rounds', '0'],
    ['--rounds', '1.5'],
    ['--seconds', '-1'],
    ['--seconds', '4s'],
    ['--seconds', '99999'],
    ['--origin-port', '70000'],
    ['--peer', 'http://h:1'],
    ['--peer', 'name=ftp://h'],
    ['--peer', 'name=http://'],
    ['--unknown'],
    ['word'],
    ['--json'],
  ];
  for (const argv of mistakes) t.equal(parseCommandLine(argv).kind, 'usage', argv.join(' '));
});

t.test('never throws', async () => {
  const word = fc.oneof(fc.constantFrom('--rounds', '--peer', '--only', '--json', 'a=http://b'), fc.string());
  fc.assert(
    fc.property(fc.array(word), (argv) => ['run', 'help', 'usage'].includes(parseCommandLine(argv).kind)),
  );
});
