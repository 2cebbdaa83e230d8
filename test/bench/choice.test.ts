import t from 'tap';
import { choose } from '../../bench/choice.ts';
import { parseCommandLine } from '../../bench/options.ts';

function chosen(...argv: string[]): { cases: string[]; peers: string[] } {
  const commandLine = parseCommandLine(argv);
  if (commandLine.kind !== 'run') throw new Error(`'${argv.join(' ')}' gave ${commandLine.kind}`);
  const choice = choose(commandLine.options);
  if (choice.kind !== 'chosen') throw new Error(choice.problem);
  return { cases: choice.cases.map(({ name }) => name), peers: choice.peers.map(({ name }) => name) };
}

t.test('chooses everything when nothing is named', async (t) => {
  const { cases, peers } = chosen();
  t.ok(cases.includes('idle-tunnels-5000'));
  t.same(peers, ['nginx-sshd', 'porthole-ssh', 'porthole-client', 'nginx', 'origin']);
});

t.test('a quick run has no long case, unless it is named', async (t) => {
  t.notOk(chosen('--quick').cases.includes('idle-tunnels-5000'));
  t.same(chosen('--quick', '--only', 'idle-tunnels-5000').cases, ['idle-tunnels-5000']);
});

t.test('chooses what is named, in its own order', async (t) => {
  t.same(chosen('--only', 'fairness,latency').cases, ['latency', 'fairness']);
  t.same(chosen('--peers', 'origin,other', '--peer', 'other=http://h').peers, ['origin', 'other']);
});

t.test('tells a name that means nothing', async (t) => {
  for (const argv of [
    ['--only', 'latency,nothing'],
    ['--peers', 'nobody'],
  ]) {
    const commandLine = parseCommandLine(argv);
    t.equal(commandLine.kind === 'run' && choose(commandLine.options).kind, 'unknown', argv.join(' '));
  }
});
