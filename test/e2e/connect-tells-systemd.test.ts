import t from 'tap';
import { fakeSystemdNotify } from '../support/fake-systemd-notify.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { startTextApp } from '../support/web-app.ts';
import { until } from '../support/until.ts';

t.test('a service of the client is ready when its URLs stand, and says when it stops', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public']);
  const app = await startTextApp(t, 'hello');
  const notifier = fakeSystemdNotify(t);
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '-i', key.path];
  const client = porthole(t, args, { env: { ...notifier.env } });
  await until('it is ready', () => notifier.told().some((line) => line.startsWith('READY=1|')));
  t.match(notifier.told().at(-1), /^READY=1\|STATUS=pr-1 is online; https:\/\/pr-1\.localhost:\d+\/\|$/);
  await client.said(/^https:\/\/pr-1\.localhost.* -> /m);
  client.kill('SIGTERM');
  t.equal((await client.exit).code, 0);
  t.match(notifier.told().at(-1), /STATUS=/);
  t.ok(notifier.told().some((line) => line.startsWith('STOPPING=1|')));
});
