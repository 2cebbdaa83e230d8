import { existsSync, mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePort } from '../support/free-port.ts';
import { MovingMachine } from '../support/moving-machine.ts';
import { Portholed } from '../support/portholed.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { open, visit } from '../support/visitor.ts';

const isListening = (line: { msg: string }): boolean => line.msg === 'listening';
const body = async (gateway: Portholed): Promise<string> => (await visit(gateway, 'pr-1.localhost/')).body;

/** Asks to replace as a process would that then takes its time. */
async function askToReplace(t: Test, stateDir: string): Promise<{ answer: string; leave: () => void }> {
  const socket = connect(join(stateDir, 'portholed.sock'));
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  socket.write('{"v":1,"kind":"replace","pid":4242,"version":"0.0.0"}\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return { answer: answer.toString(), leave: () => socket.destroy() };
}

t.test('a successor that does not come up leaves everything as it was', async (t) => {
  const { gateway, key, appPort, successor } = await startReplaceable(t);
  await MovingMachine.start(t, { port: gateway.port, key, appPort });
  const taken = createServer().listen(await freePort('127.0.0.87'), '127.0.0.87');
  t.teardown(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };

  const failing = successor(['--replace', '--ssh-listen', `127.0.0.87:${String(port)}`]);
  t.equal(await failing.exit(), 1);
  t.match(failing.stderr, /^portholed: cannot listen on 127\.0\.0\.87:\d+: the port is in use\n$/);
  await gateway.line((line) => line.msg === 'the successor does not serve: this process goes on');
  t.equal(await body(gateway), 'GET 0');

  const killed = await askToReplace(t, gateway.stateDir);
  killed.leave();
  await gateway.line((line) => inTurn(line) === 4242 && line.level === 'warn');
  t.equal(await body(gateway), 'GET 0', 'nor does one that is killed do any harm');
  t.ok(existsSync(join(gateway.stateDir, 'portholed.sock')), 'the directory is still claimed');

  const next = successor();
  await next.line(isListening);
  t.equal(await gateway.exit(), 0);
  t.equal(await body(next), 'GET 0');
});

function inTurn(line: Readonly<Record<string, unknown>>): unknown {
  return (line['successor'] as { pid: number } | undefined)?.pid;
}

t.test('one replace at a time, and only when it is asked for', async (t) => {
  const { gateway, successor } = await startReplaceable(t);
  const plain = successor([]);
  t.equal(await plain.exit(), 1);
  t.match(plain.stderr, /another portholed runs on the state directory .*--replace/);

  const first = await askToReplace(t, gateway.stateDir);
  t.match(JSON.parse(first.answer), { kind: 'granted', places: { shared: [{ port: gateway.port }] } });
  const second = successor();
  t.equal(await second.exit(), 1);
  t.match(second.stderr, /cannot be replaced: process 4242 is replacing it already\n$/);
  first.leave();
  await gateway.line((line) => line.msg === 'the successor does not serve: this process goes on');
  const third = successor();
  await third.line(isListening);
  t.equal(await gateway.exit(), 0);
});

t.test('a successor that takes its time does not keep a process that is told to stop', async (t) => {
  const { gateway } = await startReplaceable(t);
  await askToReplace(t, gateway.stateDir);
  t.equal(await gateway.kill('SIGTERM'), 0);
});

t.test('while it shuts down it is not replaced any more', async (t) => {
  const { gateway, key, appPort, successor } = await startReplaceable(t, ['--grace', '1h']);
  await MovingMachine.start(t, { port: gateway.port, key, appPort });
  const download = await open(gateway, 'pr-1.localhost/slow');
  download.on('error', () => undefined);
  gateway.child.kill('SIGTERM');
  await gateway.line((line) => line.msg === 'draining');
  const late = successor();
  t.equal(await late.exit(), 1);
  t.match(late.stderr, /cannot be replaced: it is starting or ending/);
  gateway.child.kill('SIGTERM');
  t.equal(await gateway.exit(), 0);
});

t.test('with nobody to replace, or a predecessor that dies, it starts as always', async (t) => {
  const { gateway, successor } = await startReplaceable(t);
  gateway.child.kill('SIGKILL');
  await gateway.exit();
  t.ok(existsSync(join(gateway.stateDir, 'portholed.sock')), 'what it left does not matter');
  const next = successor();
  const listening = await next.line(isListening);
  t.notOk('replaced' in listening);
});

t.test('a process that does not know the question is told apart from a dead one', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'portholed-'));
  const old = createServer((socket) => socket.destroy()).listen(join(stateDir, 'portholed.sock'));
  t.teardown(() => old.close());
  await once(old, 'listening');
  const next = Portholed.spawn(t, ['--state-dir', stateDir, '--replace']);
  t.equal(await next.exit(), 1);
  t.match(next.stderr, /cannot be replaced: it gives no answer/);
});
