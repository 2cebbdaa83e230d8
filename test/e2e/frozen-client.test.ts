import t from 'tap';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { metricBecomes } from '../support/metrics.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('a frozen client loses its routes, and a new one need not wait for that', async (t) => {
  // Long enough for the new tunnel to be there first.
  const { gateway, key } = await startPublicGateway(t, ['--keepalive-interval', '2s', '--hold', '250ms']);
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${port}`];
  const frozen = await dial(t, gateway, { key, forwards });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');

  frozen.ssh.kill('SIGSTOP');
  const fresh = await dial(t, gateway, { key, forwards });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  const closed = gateway.lines.filter((line) => line.msg === 'tunnel closed');
  t.same(closed, [], 'the frozen one is still there');

  t.equal(await tunnelGone(gateway, frozen.tunnelId), 'no sign of life');
  t.equal(await metricBecomes(gateway, 'porthole_tunnels', (value) => value === 1), 1);
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  fresh.ssh.kill();
});

t.test('requests to a frozen client are told the truth', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--keepalive-interval', '300ms', '--hold', '250ms']);
  const { port } = await startTextApp(t, 'served');
  const frozen = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  frozen.ssh.kill('SIGSTOP');
  const sent = visit(gateway, 'pr-1.localhost/');
  t.equal(await tunnelGone(gateway, frozen.tunnelId), 'no sign of life');
  t.match(await sent, { status: 503, headers: { 'porthole-error': 'ERR_ENV_OFFLINE' } });
  t.equal(await metricBecomes(gateway, 'porthole_channels', (value) => value === 0), 0);

  // What it finds when it goes on is the end, so that it (or whoever started it) dials again.
  frozen.ssh.kill('SIGCONT');
  t.equal((await frozen.ssh.exit).code, 255);
});

t.test('a killed client is gone at once', async (t) => {
  // No keepalive can have noticed it.
  const { gateway, key } = await startPublicGateway(t, ['--keepalive-interval', '1h', '--hold', '250ms']);
  const { port } = await startTextApp(t, 'served');
  const killed = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  killed.ssh.kill('SIGKILL');
  t.not(await tunnelGone(gateway, killed.tunnelId), 'no sign of life');
  t.equal((await visit(gateway, 'pr-1.localhost/')).status, 503);
});
