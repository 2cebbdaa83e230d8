import t from 'tap';
import { silentLog } from '../../core/log.ts';
import { Drain, type Drained } from '../../server/drain.ts';
import type { Tunnel } from '../../server/tunnel/tunnel.ts';
import { until } from '../support/until.ts';

const hour = 3_600_000;

interface FakeTunnel {
  readonly name: string;
  readonly answer: 'moving' | 'staying';
  readonly channelCount: number;
  readonly forwards: { readonly load: { requests: number }; readonly options: { scheme: 'http' | 'tcp' } }[];
}

function tunnel(
  name: string,
  answer: FakeTunnel['answer'],
  requests = 0,
  scheme: 'http' | 'tcp' = 'http',
): FakeTunnel {
  return {
    name,
    answer,
    channelCount: 0,
    forwards: [
      { load: { requests: 0 }, options: { scheme } },
      { load: { requests }, options: { scheme: 'tcp' } },
    ],
  };
}

/** Parts whose state the test sets, and what was asked of them. */
function fakeParts(tunnels: FakeTunnel[] = []) {
  const events: string[] = [];
  const state = { inFlight: 0, connections: 0, pending: 0, gateSessions: 0 };
  const live = tunnels.map(({ name, answer, forwards, channelCount }) => ({
    ...{ id: name, forwards, channelCount },
    drain: async (graceMs: number) => {
      events.push(`${name} has ${String(graceMs)}`);
      return answer;
    },
  })) as unknown as Tunnel[];
  const parts: Drained = {
    ingress: {
      get inFlight() {
        return state.inFlight;
      },
      get connections() {
        return state.connections;
      },
      close: async (_graceMs, { idleMs }) => void events.push(`idle for ${String(idleMs)}`),
    },
    ssh: {
      get tunnels() {
        return [...live];
      },
      refuse: (reason) => void events.push(`refuse: ${reason}`),
      endTunnel: (ended, reason) => {
        events.push(`${ended.id}: ${reason}`);
        live.splice(live.indexOf(ended), 1);
      },
      end: () => undefined,
    },
    gate: {
      get sessionCount() {
        return state.gateSessions;
      },
      drain: (reason) => void events.push(`gate: ${reason}`),
    },
    demuxer: {
      get pending() {
        return state.pending;
      },
    },
  };
  return { parts, events, state };
}

const options = { graceMs: hour, holdMs: 10_000, replaced: false, log: silentLog() };

/** Whether it is over after some turns. */
async function isOver(run: Promise<void>): Promise<boolean> {
  let over = false;
  void run.then(() => (over = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
  return over;
}

t.test('with nothing to wait for it is over at once', async (t) => {
  const { parts, events, state } = fakeParts();
  Object.assign(state, { connections: 3, pending: 1 });
  await new Drain(parts, options).run();
  t.same(events, [
    'refuse: the gateway is shutting down',
    'gate: the gateway is shutting down',
    'idle for 1000',
  ]);
  await new Drain(fakeParts([tunnel('a', 'moving')]).parts, options).run();
});

t.test('it waits for requests, and with tunnels for connections too', async (t) => {
  const { parts, state } = fakeParts([tunnel('a', 'moving')]);
  state.inFlight = 1;
  const run = new Drain(parts, options).run();
  t.notOk(await isOver(run));
  state.connections = 1;
  state.inFlight = 0;
  t.notOk(await isOver(run));
  state.connections = 0;
  state.pending = 1;
  t.notOk(await isOver(run));
  state.pending = 0;
  await run;
});

t.test('but not for longer than its grace', async (t) => {
  const { parts, state, events } = fakeParts([tunnel('a', 'moving')]);
  state.inFlight = 1;
  await new Drain(parts, { ...options, graceMs: 30 }).run();
  t.ok(events.includes('idle for 30'), 'nor does an idle connection last longer');
  t.ok(events.includes('a has 30'));
});

t.test(
  'with a successor a connection that a visitor keeps may be used for longer, where all clients move',
  async (t) => {
    const idle = async (tunnels: FakeTunnel[]): Promise<string | undefined> => {
      const { parts, events, state } = fakeParts(tunnels);
      state.inFlight = 1;
      const run = new Drain(parts, { ...options, replaced: true }).run();
      await until('it closes', () => events.some((event) => event.startsWith('idle for ')));
      state.inFlight = 0;
      await run;
      return events.find((event) => event.startsWith('idle for '));
    };
    t.equal(await idle([tunnel('a', 'moving'), tunnel('b', 'moving')]), 'idle for 10000');
    t.equal(await idle([tunnel('a', 'moving'), tunnel('b', 'staying')]), 'idle for 1000');
  },
);

t.test('without a successor the tunnels of clients that stay serve to the end', async (t) => {
  const { parts, state, events } = fakeParts([tunnel('stock', 'staying')]);
  state.inFlight = 1;
  const run = new Drain(parts, { ...options, holdMs: 0 }).run();
  t.notOk(await isOver(run));
  state.inFlight = 0;
  await run;
  t.notOk(events.some((event) => event.startsWith('stock: ')));
});

t.test(
  'with a successor they end as soon as nothing of theirs runs, so that their clients dial in there',
  async (t) => {
    const busy = tunnel('busy', 'staying', 1);
    const { parts, events, state } = fakeParts([tunnel('quiet', 'staying'), busy, tunnel('ours', 'moving')]);
    state.inFlight = 1;
    const run = new Drain(parts, { ...options, replaced: true, holdMs: 400 }).run();
    const ended = (name: string): boolean =>
      events.includes(`${name}: the gateway was replaced: connect again`);
    await until('the quiet one ends', () => ended('quiet'));
    t.ok(events.includes('idle for 100'), 'visitors who keep a connection are turned over before');
    await until('the busy one ends too, while its requests are still held there', () => ended('busy'));
    t.notOk(ended('ours'), 'one that moves is kept for what runs on it');
    state.inFlight = 0;
    await run;
  },
);

t.test('a tunnel whose last request is over does not wait for half the hold time', async (t) => {
  const busy = tunnel('busy', 'staying', 1);
  const { parts, events, state } = fakeParts([busy]);
  state.inFlight = 1;
  const run = new Drain(parts, {
    ...options,
    replaced: true,
    holdMs: 40 * 60_000,
    graceMs: 50 * 60_000,
  }).run();
  t.notOk(await isOver(run));
  for (const { load } of busy.forwards) load.requests = 0;
  await until('it ends', () => events.some((event) => event.startsWith('busy: ')));
  state.inFlight = 0;
  await run;
});

t.test('whoever is led through the gate has the whole grace', async (t) => {
  const { parts, state, events } = fakeParts();
  state.gateSessions = 1;
  const run = new Drain(parts, options).run();
  t.notOk(await isOver(run));
  state.gateSessions = 0;
  await run;
  t.equal(events[1], 'gate: the gateway is shutting down', 'and nobody else is let in');
});

t.test('with a successor too, unless requests of visitors are held there for the same machine', async (t) => {
  const machine = tunnel('machine', 'staying', 1, 'tcp');
  const engineer: FakeTunnel = { name: 'engineer', answer: 'staying', channelCount: 1, forwards: [] };
  const visited = tunnel('visited', 'staying', 1);
  const { parts, events, state } = fakeParts([machine, engineer, visited]);
  state.gateSessions = 1;
  const run = new Drain(parts, { ...options, replaced: true, holdMs: 40 }).run();
  const ended = (name: string): boolean => events.some((event) => event.startsWith(`${name}: `));
  await until('the visited one ends', () => ended('visited'));
  t.notOk(ended('machine') || ended('engineer'));
  for (const { load } of machine.forwards) load.requests = 0;
  await until('the others end when it is over', () => ended('machine'));
  state.gateSessions = 0;
  await run;
});
