import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { silentLog } from '../../../core/log.ts';
import type { Places } from '../../../server/handover/message.ts';
import { Predecessor, type PredecessorOptions } from '../../../server/handover/predecessor.ts';
import { askToReplace, type Grant } from '../../../server/handover/successor.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const places: Places = { shared: [{ host: '127.0.0.1', port: 8443 }], ssh: [], http: [], metrics: [] };
const patience = { answerMs: 20_000, releaseMs: 20_000 };

interface Setting {
  readonly events: string[];
  readonly predecessor: Predecessor;
  dial(): Promise<Socket>;
  ask(): ReturnType<typeof askToReplace>;
}

async function setUp(t: Test, options: Partial<PredecessorOptions> = {}): Promise<Setting> {
  const events: string[] = [];
  const predecessor = new Predecessor({
    version: '1.0.0',
    places: () => places,
    onServing: async () => void events.push('replaced'),
    log: silentLog(),
    ...options,
  });
  const path = join(scratchDir(t), 'portholed.sock');
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy());
    predecessor.receive(socket);
  }).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const dial = async (): Promise<Socket> => {
    const socket = connect(path);
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  return { events, predecessor, dial, ask: async () => askToReplace(await dial(), '2.0.0', patience) };
}

async function granted(setting: Setting): Promise<Grant> {
  const asked = await setting.ask();
  if (asked.kind !== 'granted') throw new Error(asked.kind);
  return asked.grant;
}

t.test('a successor asks, serves and takes over', async (t) => {
  const setting = await setUp(t);
  const grant = await granted(setting);
  t.match(grant, { pid: process.pid, version: '1.0.0', places });
  t.same(setting.events, [], 'until it serves nothing changes');
  t.equal(await grant.takeOver(), true);
  t.same(setting.events, ['replaced']);
  t.match(await setting.ask(), { kind: 'refused' }, 'there is one successor');
});

t.test('one at a time; the next one may when the first gave up', async (t) => {
  const setting = await setUp(t);
  const first = await granted(setting);
  t.match(await setting.ask(), { kind: 'refused', reason: /is replacing it already/ });
  first.abandon();
  await until('the place is free', async () => (await setting.ask()).kind === 'granted');
  t.same(setting.events, []);
});

t.test('one that does not get to serve in time has lost its place', async (t) => {
  const setting = await setUp(t, { startMs: 20 });
  const slow = await granted(setting);
  await until('the place is free', async () => (await setting.ask()).kind === 'granted');
  t.equal(
    await slow.takeOver(),
    true,
    'it is told by the end of the connection, and finds the directory claimed',
  );
  t.same(setting.events, []);
});

t.test('a process that ends is not replaced', async (t) => {
  const setting = await setUp(t, { places: () => undefined });
  t.match(await setting.ask(), { kind: 'refused', reason: 'it is starting or ending' });
});

t.test('a predecessor that dies leaves its place', async (t) => {
  const setting = await setUp(t, { onServing: () => new Promise(() => {}) });
  const socket = await setting.dial();
  const asked = await askToReplace(socket, '2.0.0', patience);
  if (asked.kind !== 'granted') throw new Error(asked.kind);
  const over = asked.grant.takeOver();
  socket.destroy();
  t.equal(await over, true);
});

t.test('one that does not let go is told', async (t) => {
  const setting = await setUp(t, { onServing: () => new Promise(() => {}) });
  const asked = await askToReplace(await setting.dial(), '2.0.0', { answerMs: 20_000, releaseMs: 10 });
  if (asked.kind !== 'granted') throw new Error(asked.kind);
  t.equal(await asked.grant.takeOver(), false);
});

t.test('who answers otherwise, or not at all', async (t) => {
  const answers = new Map<string, (socket: Socket) => void>([
    ['over', (socket) => socket.destroy()],
    ['silent', () => undefined],
    ['refused', (socket) => socket.write('{"v":1,"kind":"refused","reason":"no"}\n')],
  ]);
  for (const [kind, answer] of answers) {
    const path = join(scratchDir(t), 'old.sock');
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      t.teardown(() => socket.destroy());
      answer(socket);
    }).listen(path);
    t.teardown(() => server.close());
    await once(server, 'listening');
    t.equal((await askToReplace(connect(path), '2.0.0', { answerMs: 100, releaseMs: 1 })).kind, kind);
  }
});

t.test('what is no question gets no answer, and is not kept', async (t) => {
  const setting = await setUp(t, { questionMs: 20 });
  for (const text of [
    '',
    'x'.repeat(100_000),
    '\n',
    'GET / HTTP/1.1\r\n\r\n',
    '{"v":1,"kind":"serving"}\n',
  ]) {
    const socket = await setting.dial();
    socket.resume();
    socket.write(text);
    await once(socket, 'close');
  }
  const foreign = await setting.dial();
  foreign.write('{"v":2,"kind":"replace","pid":1,"version":"9"}\n');
  const [answer] = (await once(foreign, 'data')) as [Buffer];
  t.match(JSON.parse(answer.toString()), { kind: 'refused', reason: /another version/ });
  t.same(setting.events, []);
});

t.test('many who only look do not keep the next one out for long', async (t) => {
  const setting = await setUp(t, { questionMs: 20 });
  await Promise.all(Array.from({ length: 20 }, () => setting.dial()));
  await until('an answer', async () => (await setting.ask()).kind === 'granted');
  t.pass('it came');
});

t.test('who waits for a process that ends does not keep it', async (t) => {
  const setting = await setUp(t);
  const grant = await granted(setting);
  setting.predecessor.close();
  t.equal(await grant.takeOver(), true, 'the successor is told at once');
  t.same(setting.events, []);
});
