import t from 'tap';
import { dial, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { StoredKeys } from '../support/stored-keys.ts';
import { until } from '../support/until.ts';
import { open } from '../support/visitor.ts';

t.test(
  'a revocation ends the tunnels of the gateway that serves, and of the one that it replaced',
  async (t) => {
    const replaceable = await startReplaceable(t, ['--grace', '1h', '--hold', '1h']);
    const { gateway, appPort } = replaceable;
    const key = makeKey(t);
    const forwards = [`80:127.0.0.1:${appPort}`];
    await (await StoredKeys.open(t, gateway)).add(key, { principal: 'ci', name: 'runner' });
    const there = await dial(t, gateway, { key, user: 'pr-old', forwards });
    // A download keeps the tunnel where it is.
    const download = await open(gateway, 'pr-old.localhost/slow');
    download.on('error', () => undefined);
    const next = replaceable.successor();
    await next.line(({ msg }) => msg === 'listening');
    await gateway.line(({ msg }) => msg.startsWith('replaced by a successor'));
    const here = await dial(t, next, { key, user: 'pr-new', forwards });

    const stored = await StoredKeys.open(t, gateway, next);
    const gone = [tunnelGone(gateway, there.tunnelId), tunnelGone(next, here.tunnelId)];
    await stored.revoke(key, 'lost');
    const reason = 'access withdrawn: this key was revoked: lost';
    t.same(await Promise.all(gone), [reason, reason]);
    const again = openssh(t, { port: next.port, key, user: 'pr-new', args: ['-N', '-R', forwards[0] ?? ''] });
    await again.said(/key refused: this key was revoked: lost/u);
    t.equal((await again.exit).code, 255);
    await until('the end of the download', () => download.destroyed || download.closed);
  },
);
