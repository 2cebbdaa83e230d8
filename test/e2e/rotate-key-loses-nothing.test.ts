import t from 'tap';
import { dial, tunnelGone } from '../support/dial.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { StoredKeys } from '../support/stored-keys.ts';
import { until } from '../support/until.ts';

t.test('the new key dials in, the old one is revoked, and no request is lost', async (t) => {
  const { gateway, appPort } = await startReplaceable(t);
  const stored = await StoredKeys.open(t, gateway);
  const [old, next] = [makeKey(t), makeKey(t)];
  await stored.add(old, { principal: 'ci', name: 'old' });
  const forwards = [`80:127.0.0.1:${appPort}`];
  const first = await dial(t, gateway, { key: old, forwards });
  const load = steadyLoad(gateway, 'pr-1.localhost');
  await until('load', () => load.answered > 20);

  await stored.add(next, { principal: 'ci', name: 'new' });
  const second = await dial(t, gateway, { key: next, forwards });
  let before = load.answered;
  await until('load with both', () => load.answered > before + 50);
  await stored.revoke(old, 'rotated');
  t.equal(await tunnelGone(gateway, first.tunnelId), 'access withdrawn: this key was revoked: rotated');
  t.match((await first.ssh.exit).code, 255);
  t.match(first.ssh.stderr, /this key was revoked: rotated/u);
  before = load.answered;
  await until('load with the new one', () => load.answered > before + 100);
  await load.stop();
  t.same(load.failures, []);
  t.notOk(gateway.lines.some((line) => line.msg === 'tunnel closed' && line['tunnelId'] === second.tunnelId));
});
