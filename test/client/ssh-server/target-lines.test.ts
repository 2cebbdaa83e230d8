import t from 'tap';
import { HumanReport } from '../../../client/human-report.ts';
import type { ClientEvent, TargetEvent } from '../../../client/report.ts';
import { targetLines } from '../../../client/ssh-server/target-lines.ts';

const id = '6f1d9f3e-58a4-4c3a-9d3e-0123456789ab';
const facts = {
  event: 'target',
  id,
  name: 'pr-1',
  env: 'pr-1',
  hostKeys: ['SHA256:a'],
  unpinned: [],
} as const;

t.test('a machine that is known', async (t) => {
  const text = `this machine is the target pr-1 (${id}): porthole ssh pr-1, or ssh -F <(porthole ssh-config pr-1) pr-1`;
  for (const state of ['new', 'known'] as const)
    t.same(targetLines({ ...facts, state }), [{ tone: 'plain', text }]);
  t.match(targetLines({ ...facts, state: 'moved', env: 'pr-2' }), [{ text: /, which has moved to pr-2: / }]);
});

t.test('one that is not as it was is a warning, with what its owner does', async (t) => {
  const lines = targetLines({ ...facts, state: 'unconfirmed', unpinned: ['SHA256:b'] });
  t.ok(lines.every(({ tone }) => tone === 'bad'));
  t.match(lines, [
    { text: /^WARNING: .* does not know: SHA256:b\./ },
    { text: /porthole target trust pr-1$/ },
  ]);
  t.match(targetLines({ ...facts, state: 'unconfirmed' }), [
    { text: /dialled in with another key than before/ },
    {},
  ]);
});

t.test('what is wrong is said in one line', async (t) => {
  const states = ['ssh-server', 'id', 'conflict', 'refused', 'later', 'unsupported'] as const;
  for (const state of states) {
    const event: TargetEvent = { event: 'target-problem', state, reason: 'the reason' };
    const [line, ...more] = targetLines(event);
    t.match(line, { tone: state === 'unsupported' ? 'dim' : 'bad', text: /the reason/ }, state);
    t.same(more, []);
    t.match(new HumanReport().lines([event]), [{ to: 'stderr', ...line }]);
  }
});

t.test('the SSH server has no URL', async (t) => {
  const ssh = { service: 'ssh', port: null, target: '127.0.0.1:22' } as const;
  const forward: ClientEvent = { event: 'forward', ...ssh, url: '' };
  t.same(new HumanReport().lines([forward]), [{ to: 'stderr', tone: 'good', text: 'ssh  ->  127.0.0.1:22' }]);
  const refused: ClientEvent = { event: 'upstream-refused', ...ssh, code: 'ECONNREFUSED', reason: 'x' };
  t.match(new HumanReport().lines([refused]), [{ text: /start it, it stays offered$/ }]);
});
