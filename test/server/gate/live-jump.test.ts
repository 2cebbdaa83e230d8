import { duplexPair } from 'node:stream';
import t from 'tap';
import { ConnectionLost } from '../../../core/channel-table.ts';
import { LiveJump } from '../../../server/gate/live-jump.ts';
import type { Channel } from '../../../server/tunnel/forward.ts';
import { allowed, FakeJump, FakeMachine, machineRecord, uuid } from '../../support/jump-setting.ts';

function live() {
  const [person, near] = duplexPair();
  const [machine, far] = duplexPair();
  for (const stream of [person, near, machine, far]) stream.on('error', () => undefined);
  const decision = allowed({ until: 7 });
  if (decision.kind !== 'allowed') throw new Error('unreachable');
  const { forward } = new FakeMachine();
  const jump = new FakeJump('pr-1');
  const session = new LiveJump({
    jump,
    way: { forward, name: 'box', target: machineRecord, decision },
    near: near as unknown as Channel,
    far: far as unknown as Channel,
    onBytes: () => undefined,
    now: () => 5,
  });
  return { session, jump, near, far };
}

t.test('what is shown of it', async (t) => {
  const { session } = live();
  t.match(session, {
    ...{
      principal: 'ana',
      env: 'pr-1',
      service: 'ssh',
      gate: 'default',
      startedAt: 5,
      activeAt: 5,
      until: 7,
    },
    ...{ target: { id: uuid, name: 'pr-1' }, bytesUp: 0, bytesDown: 0, over: false },
  });
});

t.test('a machine whose connection is lost: told before the channel goes', async (t) => {
  const { session, jump, near, far } = live();
  far.destroy(new ConnectionLost('no sign of life'));
  const reason = await session.closed;
  t.equal(reason, 'the connection to box was lost: no sign of life (ERR_TARGET_OFFLINE)');
  t.same(jump.told, [reason]);
  t.ok(near.destroyed);
  session.end('too late');
  t.same(jump.told, [reason]);
});

t.test('what one of the two breaks off by itself is told to nobody', async (t) => {
  const cases = [
    ['far', new Error('reset'), 'box broke it off'],
    ['near', new Error('reset'), 'its client broke it off'],
    ['near', new ConnectionLost('the client disconnected'), 'the client disconnected'],
  ] as const;
  for (const [side, error, reason] of cases) {
    const all = live();
    all[side].destroy(error);
    t.equal(await all.session.closed, reason);
    t.same(all.jump.told, []);
    t.ok(all.near.destroyed && all.far.destroyed);
  }
});

t.test('an end by the gateway', async (t) => {
  const { session, jump, near, far } = live();
  session.end('enough');
  session.end('again');
  t.equal(await session.closed, 'enough');
  t.same(jump.told, ['enough']);
  t.ok(near.destroyed && far.destroyed && session.over);
});
