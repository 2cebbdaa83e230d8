import t from 'tap';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { metric } from '../support/metrics.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { StoredKeys } from '../support/stored-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('a key that expires loses its tunnel, unless it was given more time', async (t) => {
  const { gateway } = await startPublicGateway(t);
  const stored = await StoredKeys.open(t, gateway);
  const [expiring, prolonged] = [makeKey(t), makeKey(t)];
  // Far enough away for the logins to come before it.
  const expiresAt = Date.now() + 7000;
  await stored.add(expiring, { expiresAt, name: 'expiring' });
  await stored.add(prolonged, { expiresAt, name: 'prolonged' });
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${port}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key: expiring, user: 'pr-1', forwards });
  await dial(t, gateway, { key: prolonged, user: 'pr-2', forwards });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  await stored.expire(prolonged, expiresAt + 3_600_000);

  const reason = await tunnelGone(gateway, tunnelId);
  t.match(reason, /^access withdrawn: this key expired at \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC$/u);
  t.ok(Date.now() >= expiresAt, 'not too soon');
  t.not((await ssh.exit).code, 0);
  t.match(ssh.stderr, /access withdrawn: this key expired at/u, 'its user reads why');
  t.equal((await visit(gateway, 'pr-2.localhost/')).body, 'served', 'more time in the meantime counts');

  const again = openssh(t, { port: gateway.port, key: expiring, args: ['-N', '-R', forwards[0] ?? ''] });
  await again.said(/key refused: this key expired at/u);
  t.equal((await again.exit).code, 255);
  t.equal(await metric(gateway, 'porthole_keys{state="expired"}'), 1);
  t.equal(await metric(gateway, 'porthole_keys{state="active"}'), 1);
});
