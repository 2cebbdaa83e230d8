import t from 'tap';
import type { LiveJump } from '../../../server/gate/live-jump.ts';
import { Policy } from '../../../server/gate/policy.ts';
import { allowed, FakeJump, FakeMachine } from '../../support/jump-setting.ts';

function session(over = false) {
  const ended: string[] = [];
  const facts = { startedAt: 0, activeAt: 0, until: 100, over, jump: new FakeJump('pr-1') };
  const way = { forward: new FakeMachine().forward };
  return { ...facts, way, ended, end: (reason: string) => ended.push(reason) };
}

function policy(sessions: readonly ReturnType<typeof session>[], owner = 'vm') {
  const state = { now: 50, asked: 0 };
  const rules = new Policy(
    { all: () => sessions as unknown as LiveJump[] },
    {
      ways: {
        again: () => ((state.asked += 1), allowed({ until: 500 })),
        ownerOf: () => owner,
      },
      ...{ idleMs: 1000, maxSessionMs: 2000, now: () => state.now },
    },
  );
  return { rules, state };
}

t.test('whoever may still be there is asked again when it is due, and not before', async (t) => {
  const one = session();
  const { rules, state } = policy([one]);
  rules.checkTimes();
  t.equal(state.asked, 0);
  state.now = 100;
  rules.checkTimes();
  rules.checkTimes();
  t.same([state.asked, one.until, one.ended], [1, 500, []]);
  rules.recheck();
  t.equal(state.asked, 2);
});

t.test('at once where the environment is another owner now', async (t) => {
  const { rules, state } = policy([session()], 'somebody');
  rules.checkTimes();
  t.equal(state.asked, 1);
});

t.test('one that is over already is left alone', async (t) => {
  const { rules, state } = policy([session(true)]);
  rules.recheck();
  t.equal(state.asked, 0);
});
