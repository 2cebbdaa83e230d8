import t from 'tap';
import { FakeMachine, JumpSetting, machineRecord, uuid, allowed } from '../../support/jump-setting.ts';

const refused = { kind: 'refused', code: 'ERR_GATE_REFUSED', reason: 'not you' } as const;

t.test('each forward is judged by the machine at its end', async (t) => {
  const setting = new JumpSetting(t);
  setting.targets.push(machineRecord);
  const reported = setting.online(new FakeMachine());
  setting.report(reported);
  setting.decide = ({ target }) => (target === uuid ? refused : allowed());
  t.equal(await setting.open('pr-1').answer(), 'ERR_GATE_REFUSED');
  const other = setting.online(new FakeMachine());
  t.equal(
    await setting.open('pr-1').answer(),
    'ERR_GATE_REFUSED',
    'its name means it, as long as it is there',
  );
  setting.offline(reported);
  t.equal(await setting.open('pr-1').answer(), 'in');
  t.equal(other.channels.length, 1);
});

t.test('whoever may not know of a machine reads nothing of it but what they wrote', async (t) => {
  const setting = new JumpSetting(t);
  setting.targets.push({ ...machineRecord, name: 'box', env: 'secret-env' });
  setting.decide = ({ env }) => ({
    kind: 'refused',
    code: 'ERR_TARGET_UNKNOWN',
    reason: `nothing is ${env}`,
  });
  const jumps = ['box', 'absent'].map((name) => setting.open(name));
  const reasons = [];
  for (const jump of jumps) {
    t.equal(await jump.answer(), 'ERR_TARGET_UNKNOWN');
    reasons.push(jump.refusal?.reason.replace(jump.host, 'NAME'));
  }
  t.equal(reasons[0], reasons[1]);
  t.notMatch(reasons[0], 'secret-env');
});

t.test('whether somebody may comes before what is true', async (t) => {
  const setting = new JumpSetting(t);
  setting.decide = () => refused;
  setting.offline(setting.online(new FakeMachine()));
  t.equal(await setting.open('pr-1').answer(), 'ERR_GATE_REFUSED', 'nor is it waited for');
});

t.test('where something else is offered, what that is', async (t) => {
  const setting = new JumpSetting(t);
  setting.online(new FakeMachine({ service: 'web' }));
  const jump = setting.open('pr-1');
  t.equal(await jump.answer(), 'ERR_SERVICE_UNKNOWN');
  t.match(jump.refusal?.reason, /there is web\.pr-1:80$/);
  setting.decide = () => allowed({ by: 'abcdefghijkl' });
  const granted = setting.open('db.pr-1', 5432);
  t.equal(await granted.answer(), 'ERR_SERVICE_UNKNOWN');
  t.equal(granted.refusal?.reason, 'pr-1 is online, but offers no service db at port 5432');
});
