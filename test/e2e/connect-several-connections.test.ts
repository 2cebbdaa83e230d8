import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { porthole, urlsOf } from '../support/porthole.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

/** A network between the client and the gateway, whose connections can be cut one by one. */
async function wire(t: Test, port: number): Promise<{ port: number; wires: Socket[] }> {
  const wires: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) end.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
    wires.push(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const each of wires) each.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, wires };
}

t.test('with two connections the loss of one loses nothing', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public', '--hold', '1ms']);
  const app = await startTextApp(t, 'here');
  const { port, wires } = await wire(t, gateway.port);
  const server = ['--server', `https://localhost:${String(port)}`, '--ca', gateway.caFile];
  const args = ['connect', 'pr-1', String(app.port), ...server, '-i', key.path];
  const client = porthole(t, [...args, '--connections', '2', '--json']);
  const [url = ''] = await urlsOf(client);
  const bothServe = '"event":"tunnels","live":2,"wanted":2[^]*?';
  await client.said(new RegExp(bothServe));
  t.equal(wires.length, 2);
  for (const [index, each] of [...wires].entries()) {
    const isNew = gateway.lines.length;
    each.destroy();
    t.match(await visit(gateway, url), { status: 200, body: 'here' });
    await gateway.line((line) => gateway.lines.indexOf(line) >= isNew && line.msg === 'tunnel closed');
    t.match(await visit(gateway, url), { status: 200, body: 'here' });
    await client.said(new RegExp(`(?:${bothServe}){${String(index + 2)}}`));
  }
  t.notMatch(client.stdout, '"event":"disconnected"', 'the user has one tunnel, and it held');
  client.kill();
  t.equal((await client.exit).code, 0);
  t.equal((await visit(gateway, url)).status, 503, 'both were withdrawn');
});
