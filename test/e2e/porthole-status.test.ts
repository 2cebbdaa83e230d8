// `status` tells what is connected, from the gateway's own mouth, to those who may know.
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { offer, stockSsh } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

interface Told {
  readonly env: string;
  readonly state: string;
  readonly services: readonly {
    readonly service: string | null;
    readonly state: string;
    readonly url: string;
  }[];
  readonly tunnels: readonly { readonly remote: string }[];
}

t.test('the state of everything, with the client and with stock ssh', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public', '--hold', '10ms']);
  const app = await startTextApp(t, 'hello');
  const address = '127.0.72.1';
  const args = ['-R', `web:80:127.0.0.1:${app.port}`, '-R', `api:80:${address}:${await freePort(address)}`];
  const session = await offer(t, { gateway, key }, { env: 'pr-42', args });
  const user = new FakeSurroundings(t);
  const flags = ['--server', `https://localhost:${gateway.port}`, '--ca', gateway.caFile, '-i', key.path];
  t.equal((await visit(gateway, 'api--pr-42.localhost')).status, 502);
  t.equal(await user.run('status', ...flags), 0);
  t.match(user.stdout, [
    /^pr-42 {2}ready for \d+ s$/,
    / web .* ready$/,
    / api .* degraded: /,
    /127\.0\.0\.1/,
  ]);
  t.equal(await user.run('status', 'PR-42', '--json', ...flags), 0);
  const told = JSON.parse(user.stdout.at(-1) ?? '') as Told;
  t.match(told, {
    env: 'pr-42',
    state: 'ready',
    tunnels: [{ remote: '127.0.0.1', draining: false, forwards: 2 }],
  });
  t.same(
    told.services.map(({ service, state, url }) => [service, state, url]),
    [
      ['web', 'ready', `https://web--pr-42.localhost:${gateway.port}/`],
      ['api', 'degraded', `https://api--pr-42.localhost:${gateway.port}/`],
    ],
  );
  const stock = stockSsh(t, { gateway, key }, { env: 'whoever', command: ['status', 'pr-42'] });
  t.equal((await stock.exit).code, 0);
  t.match(JSON.parse(stock.stdout), { env: 'pr-42', state: 'ready' });
  session.kill('SIGKILL');
  await session.exit;
  await gateway.line((line) => line.msg === 'env state' && line['state'] === 'offline');
  t.equal(await user.run('status', ...flags), 0);
  t.match(user.stdout.slice(-2), ['nothing is connected', /^1 more/]);
  t.equal(await user.run('status', 'pr-42', ...flags), 0);
  t.ok(user.stdout.some((line) => /^pr-42 {2}offline for/.test(line)));
});

t.test("somebody else's environment is as unknown as none, but to an administrator", async (t) => {
  const other = makeKey(t);
  const { gateway, key, keysFile } = await startGateway(t, [], [other]);
  const machine = makeKey(t);
  writeFileSync(keysFile, `${key.line}\n${other.line}\nrole="machine" ${machine.line}\n`);
  await gateway.line((line) => /key/i.test(line.msg) && JSON.stringify(line).includes('3'));
  const app = await startTextApp(t, 'hello');
  const args = ['-R', `web:80:127.0.0.1:${app.port}`];
  await offer(t, { gateway, key }, { env: 'pr-1', args });
  await offer(t, { gateway, key: machine }, { env: 'pr-2', args });
  const ask = async (by: typeof key, ...command: string[]): Promise<[number | null, string, string]> => {
    const ssh = stockSsh(t, { gateway, key: by }, { env: 'any', command });
    const { code } = await ssh.exit;
    return [code, ssh.stdout, ssh.stderr];
  };
  const names = async (by: typeof key): Promise<string[]> => {
    const [, stdout] = await ask(by, 'status');
    return (JSON.parse(stdout) as { environments: Told[] }).environments.map(({ env }) => env);
  };
  t.same(await names(machine), ['pr-2']);
  t.same(await names(other), ['pr-1', 'pr-2'], 'an administrator');
  const foreign = await ask(machine, 'status', 'pr-1');
  const never = await ask(machine, 'status', 'pr-9');
  t.same([foreign[0], foreign[1]], [1, '']);
  const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
  t.equal(lastLine(foreign[2]).replace('pr-1', 'NAME'), lastLine(never[2]).replace('pr-9', 'NAME'));
  t.equal((await ask(machine, 'status', 'pr-2'))[0], 0);
  t.equal((await ask(machine, 'status', 'a', 'b'))[0], 2);
});
