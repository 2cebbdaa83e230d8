import { once } from 'node:events';
import type { Readable } from 'node:stream';
import t from 'tap';
import { ChannelOpenError, type ChannelFailure } from '../../../server/tunnel/forward.ts';
import { allowed, ana, FakeMachine, JumpSetting } from '../../support/jump-setting.ts';
import { until } from '../../support/until.ts';

t.test('somebody is let through, and what they say and hear is counted', async (t) => {
  const setting = new JumpSetting(t);
  const { channels, forward } = setting.online(new FakeMachine());
  const jump = setting.open('pr-1');
  t.equal(await jump.answer(), 'in');
  t.equal(forward.load.requests, 1);
  t.equal(String(await read(jump.person)), 'SSH-2.0-x\r\n', 'the greeting is theirs');
  jump.person?.write('hello');
  t.equal(String(await read(channels[0])), 'hello');
  const [session] = [...setting.gate.sessions.all()];
  t.match(session, {
    ...{ principal: 'ana', fingerprint: 'SHA256:ana', address: '192.0.2.7', gate: 'default', env: 'pr-1' },
    ...{ service: 'ssh', port: undefined, target: undefined, bytesUp: 5, bytesDown: 11 },
  });
  t.match(session?.id, /^[a-z2-7]{8}$/);
  t.equal(setting.gate.sessions.byId(session?.id ?? ''), session);
  jump.person?.end();
  channels[0]?.end();
  channels[0]?.resume();
  jump.person?.resume();
  await until('it is over', () => setting.gate.sessionCount === 0);
  t.equal(forward.load.requests, 0);
  t.same(setting.counted, ['opened', 'down 11', 'up 5']);
  const common = {
    principal: 'ana',
    fingerprint: 'SHA256:ana',
    address: '192.0.2.7',
    target: 'pr-1',
    result: 'ok',
  };
  t.match(setting.audit, [
    {
      ...common,
      action: 'gate.open',
      detail: { session: session?.id, service: 'ssh', gate: 'default', by: 'member' },
    },
    { ...common, action: 'gate.close', detail: { bytesUp: 5, bytesDown: 11, ms: 0, reason: 'ended' } },
  ]);
  t.match(
    setting.log.lines.map(({ msg }) => msg),
    ['gate opened', 'gate closed'],
  );
});

t.test(
  'the decision is asked for the one who asks, as their key is now, and for what is there',
  async (t) => {
    const setting = new JumpSetting(t);
    setting.online(new FakeMachine());
    const jump = setting.open('pr-1');
    await jump.answer();
    t.match(setting.asked, [
      { identity: ana, user: 'ana', env: 'pr-1', owner: 'vm', service: 'ssh', target: undefined },
      { identity: ana, user: 'ana', env: 'pr-1', owner: 'vm', service: 'ssh', target: undefined },
    ]);
    const other = setting.open('pr-1');
    other.who = { ok: false, problem: 'the key was revoked' };
    const late = new JumpSetting(t);
    late.decide = () => ({ kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'not you' });
    late.online(new FakeMachine());
    const refused = late.open('pr-1');
    t.equal(await refused.answer(), 'ERR_GATE_REFUSED');
    t.match(late.audit, [
      { action: 'gate.refused', result: 'refused', detail: { reason: 'not you', host: 'pr-1', port: 22 } },
    ]);
    t.same(late.counted, ['refused']);
  },
);

t.test('what was withdrawn while the machine was asked is refused', async (t) => {
  const setting = new JumpSetting(t);
  const { far } = setting.online(new FakeMachine());
  const jump = setting.open('pr-1');
  jump.who = { ok: false, problem: 'the key was revoked' };
  t.equal(await jump.answer(), 'ERR_GATE_REFUSED');
  t.equal(jump.refusal?.reason, 'the key was revoked');
  t.ok(far.every((channel) => channel.destroyed));
});

t.test('who is in is asked again, and goes when they may not stay', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine());
  const [stays, goes] = [setting.open('pr-1'), setting.open('pr-1')];
  await Promise.all([stays.answer(), goes.answer()]);
  goes.who = { ok: false, problem: 'the key has expired' };
  setting.gate.recheck();
  t.same(goes.told, ['access withdrawn: the key has expired']);
  t.ok(goes.near?.destroyed);
  t.same(stays.told, []);
  setting.decide = () => ({ kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'the grant ended' });
  setting.gate.recheck();
  setting.gate.recheck();
  t.same(stays.told, ['access withdrawn: the grant ended']);
  await until('both are gone', () => setting.gate.sessionCount === 0);
});

t.test('what only time ends', async (t) => {
  const setting = new JumpSetting(t, { idleMs: 60_000, maxSessionMs: 90_000, checkMs: 1 });
  setting.online(new FakeMachine());
  const [quiet, talks] = [setting.open('pr-1'), setting.open('pr-1')];
  await Promise.all([quiet.answer(), talks.answer()]);
  setting.clock.advance(50_000);
  talks.person?.write('x');
  await until('it was heard', () => [...setting.gate.sessions.all()].some(({ bytesUp }) => bytesUp === 1));
  setting.clock.advance(10_000);
  await until('the quiet one ends', () => quiet.told.length > 0);
  t.match(quiet.told, ['there was no byte either way for 1m']);
  t.same(talks.told, []);
  setting.clock.advance(30_000);
  await until('the long one ends', () => talks.told.length > 0);
  t.match(talks.told, [/it was open for 90s, as long as it may be/]);
});

t.test('a right that ends by its time, and a name that changes hands', async (t) => {
  const setting = new JumpSetting(t, { checkMs: 1 });
  const { forward } = setting.online(new FakeMachine());
  const until1 = setting.clock.wall() + 1000;
  setting.decide = ({ now }) =>
    now < until1 ? allowed({ until: until1 }) : { kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'over' };
  const first = setting.open('pr-1');
  await first.answer();
  setting.clock.advance(1000);
  await until('it ends', () => first.told.length > 0);
  t.same(first.told, ['access withdrawn: over']);
  setting.decide = () => allowed();
  const second = setting.open('pr-1');
  await second.answer();
  setting.registry.transfer('pr-1', 'vm', 'somebody');
  await until('it ends too', () => second.told.length > 0);
  t.match(second.told, [/the name pr-1 is not its owner's any more/]);
  t.ok(forward.live, 'though its tunnel is still there');
});

t.test('one that somebody kills', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine());
  const jump = setting.open('pr-1');
  await jump.answer();
  const [session] = [...setting.gate.sessions.all()];
  t.ok(setting.gate.sessions.end(session?.id ?? '', 'enough'));
  t.notOk(setting.gate.sessions.end(session?.id ?? '', 'again'));
  t.notOk(setting.gate.sessions.end('nobody', 'enough'));
  t.same(jump.told, ['enough']);
  await until('it is over', () => setting.gate.sessionCount === 0);
  t.match(setting.audit.at(-1), { action: 'gate.close', detail: { reason: 'enough' } });
});

t.test('so many of one principal, also while they are on their way', async (t) => {
  const setting = new JumpSetting(t, { maxSessions: 2 });
  setting.online(new FakeMachine({}, () => ''));
  const first = setting.open('pr-1');
  setting.open('pr-1');
  const third = setting.open('pr-1');
  t.equal(await third.answer(), 'ERR_LIMIT');
  first.waiting.abort();
  await until('a place is free', () => setting.counted.includes('abandoned'));
  const fourth = setting.open('nothing-here', 22);
  t.not(await fourth.answer(), 'ERR_LIMIT');
});

t.test('a gate that drains lets nobody in, and ends the others in the end', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine());
  const jump = setting.open('pr-1');
  await jump.answer();
  setting.gate.drain('the gateway is shutting down');
  const late = setting.open('pr-1');
  t.equal(await late.answer(), 'ERR_DRAINING');
  t.same(jump.told, []);
  setting.gate.close('the gateway is shutting down');
  t.same(jump.told, ['the gateway is shutting down']);
});

t.test('a machine that does not take it, in the words of the machine', async (t) => {
  const cases: [ChannelFailure, string][] = [
    [{ kind: 'refused', detail: 'Connection\u001b refused' }, 'ERR_UPSTREAM_REFUSED'],
    [{ kind: 'prohibited', detail: 'no' }, 'ERR_UPSTREAM_REFUSED'],
    [{ kind: 'timeout' }, 'ERR_UPSTREAM_TIMEOUT'],
    [{ kind: 'limit' }, 'ERR_BUSY'],
  ];
  for (const [failure, code] of cases) {
    const setting = new JumpSetting(t);
    setting.online(new FakeMachine({ openChannel: () => Promise.reject(new ChannelOpenError(failure)) }));
    const jump = setting.open('pr-1');
    t.equal(await jump.answer(), code);
    t.match(jump.refusal?.reason, /pr-1/);
    t.notMatch(jump.refusal?.reason, '\u001b');
    t.match(setting.audit, [{ action: 'gate.refused', result: 'failed', detail: { code } }]);
  }
});

t.test('what fails inside the gateway is told and logged, and nobody waits', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine({ openChannel: () => Promise.reject(new Error('a defect')) }));
  t.equal(await setting.open('pr-1').answer(), 'ERR_INTERNAL');
  t.match(setting.log.lines, [{ level: 'error' }, { msg: 'gate refused' }]);
});

async function read(stream: Readable | undefined): Promise<unknown> {
  if (stream === undefined) throw new Error('there is no channel');
  for (;;) {
    const data: unknown = stream.read();
    if (data !== null) return data;
    await once(stream, 'readable');
  }
}
