import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { dial, startPublicGateway, tunnelGone, type Dialled } from '../support/dial.ts';
import type { GatewayWithKey } from '../support/gateway-with-key.ts';
import { metricBecomes } from '../support/metrics.ts';
import { farNetwork, type FarNetwork } from '../support/network.ts';
import { visit } from '../support/visitor.ts';
import { startApp, startTextApp, type WebApp } from '../support/web-app.ts';

interface Setting extends GatewayWithKey {
  readonly far: FarNetwork;
  readonly lost: Dialled;
  /** Reached through the tunnel. It leaves `/held` unanswered. */
  readonly app: WebApp;
}

/** A gateway, and a client in another network with a tunnel to it. */
async function setUp(t: Test, keepalive: string): Promise<Setting> {
  const far = await farNetwork(t);
  const keyed = await startPublicGateway(t, [
    ...['--listen', '127.0.0.1:0', '--listen', `${far.address}:0`],
    ...['--keepalive-interval', keepalive, '--hold', '250ms'],
  ]);
  const { gateway, key } = keyed;
  const listening = await gateway.line((line) => line.msg === 'listening');
  const addresses = listening['addresses'] as string[];
  const port = Number(addresses.find((each) => each.startsWith(far.address))?.split(':')[1]);
  const app = await startApp(
    t,
    (request, response) => {
      if (request.url !== '/held') response.end('far');
    },
    far.address,
  );
  const lost = await dial(t, gateway, {
    ...{ key, host: far.address, port, enter: far.enter },
    forwards: [`80:${far.address}:${app.port}`],
  });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'far');
  return { ...keyed, app, far, lost };
}

async function runTests(): Promise<void> {
  const { default: t } = await import('tap');

  t.test('a client behind a cut cable loses its routes, and requests are told the truth', async (t) => {
    const { gateway, app, far, lost } = await setUp(t, '300ms');
    const asked = once(app.server, 'request');
    const sent = visit(gateway, 'pr-1.localhost/held');
    await asked;
    far.cut();
    t.equal(await tunnelGone(gateway, lost.tunnelId), 'no sign of life');
    t.match(await sent, { status: 502, headers: { 'porthole-error': 'ERR_UPSTREAM_LOST' } });
    const next = await visit(gateway, 'pr-1.localhost/');
    t.match(next, { status: 503, headers: { 'porthole-error': 'ERR_ENV_OFFLINE' } });
    for (const name of ['porthole_tunnels', 'porthole_channels', 'porthole_requests_in_flight'])
      t.equal(await metricBecomes(gateway, name, (value) => value === 0), 0, name);
  });

  t.test('a new tunnel of the same owner serves while the lost one is still there', async (t) => {
    const { gateway, key, far, lost } = await setUp(t, '2s');
    far.cut();
    const near = await startTextApp(t, 'near');
    await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${near.port}`] });
    t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'near');
    const closed = gateway.lines.filter((line) => line.msg === 'tunnel closed');
    t.same(closed, [], 'the lost one has not been noticed yet');
    t.equal(await tunnelGone(gateway, lost.tunnelId), 'no sign of life');
    t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'near');
  });
}

/** Only root may make networks; anybody else may be root in a namespace of their own. */
function runAsRootOfNamespace(): void {
  const again = 'ip link set lo up && exec "$0" "$1"';
  const words = ['-Urn', 'sh', '-c', again, process.execPath, fileURLToPath(import.meta.url)];
  const { status, error } = spawnSync('unshare', words, { stdio: 'inherit' });
  if (error) throw error;
  process.exitCode = status ?? 1;
}

if (process.getuid?.() === 0) await runTests();
else runAsRootOfNamespace();
