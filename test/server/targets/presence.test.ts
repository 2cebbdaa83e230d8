import t from 'tap';
import { TargetPresence } from '../../../server/targets/presence.ts';
import { targetId } from '../../support/memory-book.ts';
import { FakeTunnel } from '../../support/present-tunnel.ts';

const [one, two] = [targetId(1), targetId(2)];

t.test('the newest live tunnel counts, and those that end are forgotten at once', async (t) => {
  const presence = new TargetPresence();
  let changes = 0;
  presence.onChange(() => (changes += 1));
  t.equal(presence.tunnelOf(one), undefined);
  t.equal(presence.isLive(one), false);
  const [old, fresh] = [new FakeTunnel(), new FakeTunnel()];
  presence.report(one, old);
  t.equal(presence.tunnelOf(one), old);
  presence.report(one, fresh);
  t.equal(presence.tunnelOf(one), fresh);
  t.same(presence.tunnelsOf(one), [fresh, old]);
  t.equal(presence.targetOf(fresh.id), one);
  t.same(presence.live(), [one]);
  t.equal(changes, 2);

  presence.report(one, old);
  t.equal(presence.tunnelOf(one), fresh, 'to say it again makes it no newer');
  t.equal(changes, 2);
  fresh.lose();
  t.equal(presence.tunnelOf(one), old, 'before anybody was told');
  await fresh.end();
  t.equal(changes, 3);
  t.equal(presence.targetOf(fresh.id), undefined);
  await old.end();
  t.equal(presence.isLive(one), false);
  t.same(presence.live(), []);
  t.equal(changes, 4);
});

t.test('a tunnel leads to one target, the last that was said', async (t) => {
  const presence = new TargetPresence();
  const tunnel = new FakeTunnel();
  presence.report(one, tunnel);
  presence.report(two, tunnel);
  t.equal(presence.isLive(one), false);
  t.equal(presence.tunnelOf(two), tunnel);
  await tunnel.end();
  t.equal(presence.isLive(two), false);
});

t.test('a tunnel that has ended leads nowhere', (t) => {
  const presence = new TargetPresence();
  const tunnel = new FakeTunnel();
  tunnel.lose();
  presence.report(one, tunnel);
  t.equal(presence.targetOf(tunnel.id), undefined);
  t.same(presence.live(), []);
  t.end();
});
