import t from 'tap';
import { mayReach, maySee, ownTarget, seenTarget } from '../../../server/admin/known-target.ts';
import { callBy, gateSetting, member } from '../../support/gate-setting.ts';
import { someGate, someTarget, targetId } from '../../support/memory-book.ts';

const target = someTarget();
const environments = { 'pr-42': 'ana' };
const ana = callBy(member('ana'));
const eve = callBy(member('eve'));
const stranger = callBy(member('bob', { envPatterns: ['other'] }));

t.test('who may reach a machine, by whichever gate', (t) => {
  const { services } = gateSetting({ targets: [target], environments });
  for (const call of [ana, eve, callBy()]) t.ok(mayReach(call, services, target));
  t.notOk(mayReach(stranger, services, target));
  t.notOk(mayReach(callBy({ ...member('ana'), role: 'machine' }), services, target));
  const limited = gateSetting({
    targets: [target],
    environments,
    gates: [
      someGate({ id: 'default', name: 'default', isDefault: true, keys: [] }),
      someGate({ keys: [{ fingerprint: 'SHA256:eve', addedAt: 1, addedBy: 'root' }] }),
    ],
  });
  t.ok(mayReach(eve, limited.services, target));
  t.notOk(mayReach(ana, limited.services, target));
  t.ok(maySee(ana, limited.services, target), 'it is hers');
  t.end();
});

t.test('a machine by its name, its UUID, the beginning of it, or its branch', (t) => {
  const branch = someTarget({ id: targetId(7), name: 'feature-foo-zrtc2a', env: 'pr-42' });
  const { services } = gateSetting({ targets: [target, branch], environments });
  for (const text of ['pr-42', 'PR-42', target.id, target.id.toUpperCase(), target.id.slice(0, 8)])
    t.match(seenTarget(eve, services, text), { id: target.id }, text);
  t.match(seenTarget(eve, services, services.envNameOf(eve.caller.identity, branch.name)), { id: branch.id });
  t.end();
});

t.test('what one may not know of is answered like what is not there', (t) => {
  const { services } = gateSetting({ targets: [target], environments });
  const message = 'there is no machine pr-42 that you own or may reach';
  t.match(seenTarget(stranger, services, 'pr-42'), { kind: 'error', status: 1, message });
  t.match(seenTarget(stranger, gateSetting().services, 'pr-42'), { message });
  t.match(seenTarget(eve, services, 'pr-43'), {
    message: /there is no machine pr-43 .*\(did you mean pr-42\?\)/,
  });
  t.match(seenTarget(callBy({ role: 'machine', principal: 'x' }), services, 'pr-42'), {
    message: 'there is no machine pr-42 of yours',
  });
  t.match(seenTarget(callBy(), services, 'x'), { message: 'there is no machine x' });
  t.end();
});

t.test('whose it is to change; what is refused is noted', (t) => {
  const { services, noted } = gateSetting({ targets: [target], environments });
  const own = (call: typeof ana): unknown =>
    ownTarget(call, services, { target: 'pr-42', action: 'target.set' });
  t.match(own(ana), { id: target.id });
  t.match(own(callBy()), { id: target.id });
  t.match(own(eve), { status: 3, message: /pr-42 is ana's/ });
  t.match(own(callBy(member('ana', { envPatterns: ['x'] }))), { status: 3, message: /this key may not use/ });
  t.match(own(stranger), { status: 1, message: /there is no machine/ });
  t.match(noted, [
    { action: 'target.set', principal: 'eve', target: 'pr-42', result: 'refused' },
    { principal: 'ana' },
    { principal: 'bob' },
  ]);
  t.end();
});
