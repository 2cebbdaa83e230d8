import { once } from 'node:events';
import t from 'tap';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { MovingMachine } from '../support/moving-machine.ts';
import { Program } from '../support/program.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { RawVisitor } from '../support/raw-visitor.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { open, visitorOptions } from '../support/visitor.ts';
import { echoOf, openWebSocket } from '../support/web-socket.ts';

const clientMain = fileURLToPath(new URL('../../client/main.ts', import.meta.url));
const host = 'pr-1.localhost';
const isListening = (line: { msg: string }): boolean => line.msg === 'listening';

/** When each of the keys and certificates was written. */
function statesOf(stateDir: string): Record<string, number> {
  const names = readdirSync(stateDir).filter((name) => /\.(?:pem|key)$|_key$|key/.test(name));
  return Object.fromEntries(names.map((name) => [name, statSync(join(stateDir, name)).mtimeMs]));
}

t.test('a replace under load loses no request, and what runs lives on until it is done', async (t) => {
  const { gateway, key, appPort, open: answers, successor } = await startReplaceable(t, ['--grace', '1h']);
  const machine = await MovingMachine.start(t, { port: gateway.port, key, appPort });
  const load = steadyLoad(gateway, host);
  const socket = await openWebSocket(t, gateway, host);
  const [events, download] = await Promise.all([
    open(gateway, `${host}/stream`),
    open(gateway, `${host}/slow`),
  ]);
  await until('load', () => load.answered > 20);

  const files = statesOf(gateway.stateDir);
  const [session] = (await once((await RawVisitor.connect(t, gateway, host)).socket, 'session')) as [Buffer];
  const next = successor();
  const listening = await next.line(isListening);
  t.same(statesOf(gateway.stateDir), files, 'keys and certificates are read, not made anew');
  t.equal(next.port, gateway.port, 'port 0 is the port that the predecessor has');
  t.match(listening, { replaced: { pid: gateway.child.pid } });
  await next.line((line) => line.msg === 'forward added');
  t.same(machine.graces, [3_600_000], 'clients are told how long their old connection lasts');
  const before = load.answered;
  await until('load after the replace', () => load.answered > before + 100);
  const resuming = connect({ ...visitorOptions(next, host), session } as ConnectionOptions);
  t.teardown(() => resuming.destroy());
  await once(resuming, 'secureConnect');
  t.equal(resuming.authorized, true, 'a TLS session of the old process is no hindrance');
  t.equal(await echoOf(socket, 'still here'), 'still here');
  t.equal(gateway.child.exitCode, null, 'the old process serves what runs');

  for (const answer of answers) answer.end('done\n');
  for (const answer of [events, download]) {
    const chunks = (await answer.toArray()) as Buffer[];
    t.equal(Buffer.concat(chunks).toString(), 'begun\ndone\n');
  }
  socket.close(1000);
  t.equal(((await once(socket, 'close')) as [number])[0], 1000);
  t.equal(await gateway.exit(), 0);
  t.equal(gateway.lines.at(-1)?.['reason'], 'replaced');
  t.equal(gateway.stderr, '');
  await load.stop();
  t.same(load.failures, [], 'nothing was lost');

  const third = successor();
  await third.line(isListening);
  t.equal(await next.exit(), 0, 'a successor can be replaced in turn');
  t.equal(third.port, gateway.port);
});

t.test('the same with the bundled client', async (t) => {
  const { gateway, key, appPort, open: answers, successor } = await startReplaceable(t, ['--grace', '1h']);
  const { port, caFile } = gateway;
  const server = ['--server', `https://localhost:${String(port)}`, '--ca', caFile, '--identity', key.path];
  const words = [clientMain, 'connect', 'pr-1', String(appPort), ...server, '--json'];
  const client = new Program(t, process.execPath, words);
  await gateway.line((line) => line.msg === 'forward added');
  const load = steadyLoad(gateway, host);
  const events = await open(gateway, `${host}/stream`);
  await until('load', () => load.answered > 20);

  const next = successor();
  await client.said(/"event":"moved"/u);
  await next.line((line) => line.msg === 'forward added');
  const before = load.answered;
  await until('load after the replace', () => load.answered > before + 100);
  for (const answer of answers) answer.end('done\n');
  t.equal(Buffer.concat((await events.toArray()) as Buffer[]).toString(), 'begun\ndone\n');
  t.equal(await gateway.exit(), 0);
  await load.stop();
  t.same(load.failures, []);
});
