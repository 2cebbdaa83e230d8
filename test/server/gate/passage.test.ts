import t from 'tap';
import { ChannelOpenError } from '../../../server/tunnel/forward.ts';
import { allowed, FakeMachine, JumpSetting, machineRecord, uuid } from '../../support/jump-setting.ts';
import { until } from '../../support/until.ts';

const refused = { kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'not any more' } as const;

t.test('a machine that was lost a moment ago is waited for', async (t) => {
  const setting = new JumpSetting(t);
  setting.offline(setting.online(new FakeMachine()));
  const jump = setting.open('pr-1');
  await until('somebody waits', () => setting.asked.length > 3);
  t.equal(jump.refusal, undefined);
  setting.online(new FakeMachine());
  t.equal(await jump.answer(), 'in');
});

t.test('but only as long as requests are held for it, and then the truth is told', async (t) => {
  const setting = new JumpSetting(t);
  setting.offline(setting.online(new FakeMachine()));
  const jump = setting.open('pr-1');
  await until('somebody waits', () => setting.asked.length > 3);
  setting.clock.advance(10_000);
  t.equal(await jump.answer(), 'ERR_TARGET_OFFLINE');
  t.equal(jump.refusal?.reason, 'pr-1 is offline since 2030-01-01 00:00:00 UTC (10 seconds ago)');
  t.same(setting.counted, ['offline']);
});

t.test('one that reported itself is waited for until it has done so again', async (t) => {
  const setting = new JumpSetting(t);
  setting.targets.push({ ...machineRecord, lastSeenAt: setting.clock.wall() });
  const back = setting.online(new FakeMachine());
  const jump = setting.open(uuid);
  await until('somebody waits', () => setting.asked.length > 3);
  t.equal(jump.refusal, undefined);
  setting.report(back);
  t.equal(await jump.answer(), 'in');
  t.match([...setting.gate.sessions.all()], [{ target: { id: uuid, name: 'pr-1' } }]);
});

t.test('nobody waits any more', async (t) => {
  const setting = new JumpSetting(t);
  setting.offline(setting.online(new FakeMachine()));
  const jump = setting.open('pr-1');
  await until('somebody waits', () => setting.asked.length > 3);
  jump.waiting.abort();
  await until('it is over', () => setting.counted.includes('abandoned'));
  const silent = setting.online(new FakeMachine({ env: 'pr-2' }, () => ''));
  const other = setting.open('pr-2');
  await until('its server is asked', () => silent.far.length > 0);
  other.waiting.abort();
  await until('that is over too', () => setting.counted.length === 2);
  t.ok(silent.far[0]?.destroyed);
  t.same(setting.audit, []);
});

t.test('the next tunnel, where the first one does not answer', async (t) => {
  const setting = new JumpSetting(t);
  const works = setting.online(new FakeMachine());
  setting.online(
    new FakeMachine({ openChannel: () => Promise.reject(new ChannelOpenError({ kind: 'timeout' })) }),
  );
  t.equal(await setting.open('pr-1').answer(), 'in');
  t.equal(works.channels.length, 1);
});

t.test('a tunnel that is lost while it is asked', async (t) => {
  const setting = new JumpSetting(t);
  const gone: FakeMachine = new FakeMachine({
    openChannel: () => {
      setting.offline(gone);
      return Promise.reject(new ChannelOpenError({ kind: 'gone' }));
    },
  });
  setting.online(gone);
  const jump = setting.open('pr-1');
  await until('it is gone', () => !gone.forward.live);
  setting.online(new FakeMachine());
  t.equal(await jump.answer(), 'in');
});

t.test('an SSH server that turns somebody away is asked again', async (t) => {
  const setting = new JumpSetting(t);
  const busy = setting.online(new FakeMachine({}, (nth) => (nth < 3 ? undefined : 'SSH-2.0-x\r\n')));
  t.equal(await setting.open('pr-1').answer(), 'in');
  t.equal(busy.channels.length, 4);
});

t.test('not for ever, and not one who may not any more', async (t) => {
  const never = new JumpSetting(t, {
    timings: { greetingMs: 60_000, turnedAwayMs: 0, firstRetryMs: 1, lookMs: 1 },
  });
  never.online(new FakeMachine({}, () => undefined));
  const jump = never.open('pr-1');
  t.equal(await jump.answer(), 'ERR_BUSY');
  t.match(jump.refusal?.reason, /the SSH server of pr-1 takes no more logins at the moment/);
  const setting = new JumpSetting(t);
  const busy = setting.online(new FakeMachine({}, () => undefined));
  const withdrawn = setting.open('pr-1');
  await until('it is tried again', () => busy.channels.length > 1);
  setting.decide = () => refused;
  t.equal(await withdrawn.answer(), 'ERR_GATE_REFUSED');
});

t.test('an SSH server that says nothing, and something that is none', async (t) => {
  const setting = new JumpSetting(t, {
    timings: { greetingMs: 5, turnedAwayMs: 0, firstRetryMs: 1, lookMs: 1 },
  });
  setting.online(new FakeMachine({}, () => ''));
  t.equal(await setting.open('pr-1').answer(), 'ERR_UPSTREAM_TIMEOUT');
  setting.online(new FakeMachine({ env: 'pr-2' }, () => 'x'.repeat(9000)));
  t.equal(await setting.open('pr-2').answer(), 'ERR_UPSTREAM_PROTOCOL');
});

t.test('a service that is no SSH server is not waited for', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine({ service: 'db', port: 5432 }, () => ''));
  t.equal(await setting.open('db.pr-1', 5432).answer(), 'in');
});

t.test('so many logins begin at a time; who waits for that is asked for again', async (t) => {
  const setting = new JumpSetting(t, { startups: 1 });
  const machine = setting.online(new FakeMachine());
  const [first, second, third] = [1, 2, 3].map(() => setting.open('pr-1'));
  t.equal(await first?.answer(), 'in');
  t.equal(machine.channels.length, 1);
  let asked = 0;
  setting.decide = () => ((asked += 1) < 3 ? allowed() : refused);
  first?.near?.destroy();
  t.equal(await second?.answer(), 'in');
  second?.near?.destroy();
  t.equal(await third?.answer(), 'ERR_GATE_REFUSED');
  third?.waiting.abort();
});

t.test('one who leaves the line', async (t) => {
  const setting = new JumpSetting(t, { startups: 1 });
  setting.online(new FakeMachine());
  const [first, second] = [setting.open('pr-1'), setting.open('pr-1')];
  await first.answer();
  second.waiting.abort();
  await until('they are gone', () => setting.counted.includes('abandoned'));
});
