import t from 'tap';
import { Latch } from '../../core/lifecycle.ts';
import { Backoff } from '../../core/backoff.ts';
import { lost, refused, type Failure } from '../../client/failure.ts';
import {
  type ConnectionState,
  type SupervisedSession,
  Supervisor,
  type SupervisorOptions,
} from '../../client/supervisor.ts';

class FakeSession implements SupervisedSession {
  readonly settled = { env: 'pr-1', open: [], refused: [] };
  readonly #closed = new Latch<string>();
  closes = 0;

  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  lose(reason: string): void {
    this.#closed.settle(reason);
  }

  close(): Promise<void> {
    this.closes += 1;
    this.#closed.settle('closed');
    return Promise.resolve();
  }
}

interface Rig {
  readonly supervisor: Supervisor;
  readonly states: ConnectionState[];
  readonly delays: number[];
  nowMs: number;
}

/** A supervisor whose attempts end as planned, and whose waits take no time. */
function rig(plan: (FakeSession | Failure)[], options: Partial<SupervisorOptions> = {}): Rig {
  const states: ConnectionState[] = [];
  const delays: number[] = [];
  const made: Rig = {
    states,
    delays,
    nowMs: 0,
    supervisor: new Supervisor({
      connect: () => {
        const next = plan.shift() ?? refused('forward', 'the plan is over');
        return Promise.resolve(next instanceof FakeSession ? { kind: 'open', session: next } : next);
      },
      once: false,
      backoff: new Backoff({ initialMs: 500, maxMs: 15_000, random: () => 0.999 }),
      stableMs: 30_000,
      wait: (ms) => Promise.resolve(void delays.push(ms)),
      nowMs: () => made.nowMs,
      onState: (state) => states.push(state),
      ...options,
    }),
  };
  return made;
}

t.test('losses are tried again with growing delays, refusals end it', async (t) => {
  const { supervisor, states, delays } = rig([
    lost('one'),
    lost('two'),
    lost('three'),
    refused('authentication', 'no'),
  ]);
  t.same(await supervisor.run(), { kind: 'refused', reason: 'no' });
  t.ok(delays.length === 3 && delays[0]! < delays[1]! && delays[1]! < delays[2]!);
  t.same(
    states.map((state) => state.kind),
    ['connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'ended'],
  );
  t.match(states[4], { attempt: 3 });
});

t.test('delays are capped, and start over after a connection that lasted', async (t) => {
  const brief = new FakeSession();
  const lasting = new FakeSession();
  const made = rig([...Array.from({ length: 8 }, () => lost('x')), brief, lasting, lost('x')]);
  brief.lose('at once');
  const running = made.supervisor.run();
  while (!made.states.some((state, index) => state.kind === 'connected' && index > 20))
    await Promise.resolve();
  made.nowMs += 30_000;
  lasting.lose('after a while');
  await running;
  const [longest, afterBrief, afterLasting] = [made.delays[7]!, made.delays[8]!, made.delays[9]!];
  t.ok(longest <= 15_000 && longest > 14_000);
  t.ok(afterBrief > 14_000, 'a gateway that takes and drops connections is not hammered');
  t.ok(afterLasting <= 500);
});

t.test('every loss is told with its reason', async (t) => {
  const session = new FakeSession();
  session.lose('cut');
  const { supervisor, states } = rig([session]);
  await supervisor.run();
  t.match(states, [
    { kind: 'connecting' },
    { kind: 'connected' },
    { kind: 'disconnected', reason: 'cut' },
    { kind: 'waiting', reason: 'cut' },
  ]);
});

t.test('once means once', async (t) => {
  const session = new FakeSession();
  session.lose('cut');
  t.same(await rig([session], { once: true }).supervisor.run(), { kind: 'failed', reason: 'cut' });
  t.same(await rig([lost('no route')], { once: true }).supervisor.run(), {
    kind: 'failed',
    reason: 'no route',
  });
});

t.test('a certificate that only the clock is against ends the first try, but not a later one', async (t) => {
  const expired = refused('certificate-time', 'expired');
  t.same(await rig([expired]).supervisor.run(), { kind: 'refused', reason: 'expired' });
  const session = new FakeSession();
  session.lose('cut');
  t.same(await rig([session, expired, refused('certificate', 'untrusted')]).supervisor.run(), {
    kind: 'refused',
    reason: 'untrusted',
  });
});

t.test('stopped', async (t) => {
  await t.test('while connected: the session is closed first', async (t) => {
    const session = new FakeSession();
    const { supervisor, states } = rig([session], {
      onState: (state) => {
        states.push(state);
        if (state.kind === 'connected') supervisor.stop();
      },
    });
    t.same(await supervisor.run(), { kind: 'ok' });
    t.equal(session.closes, 1);
    t.same(
      states.map((state) => state.kind),
      ['connecting', 'connected', 'ended'],
    );
  });
  await t.test('while it connects: what comes late is closed', async (t) => {
    const session = new FakeSession();
    const { supervisor, states } = rig([session], {
      onState: (state) => {
        states.push(state);
        if (state.kind === 'connecting') supervisor.stop();
      },
    });
    t.same(await supervisor.run(), { kind: 'ok' });
    t.equal(session.closes, 1);
    t.notOk(states.some((state) => state.kind === 'connected'));
  });
  await t.test('while it connects, and that fails', async (t) => {
    const { supervisor, states } = rig([refused('authentication', 'no')], {
      onState: (state) => {
        states.push(state);
        if (state.kind === 'connecting') supervisor.stop();
      },
    });
    t.same(await supervisor.run(), { kind: 'ok' });
  });
  await t.test('while it waits', async (t) => {
    const { supervisor } = rig([lost('x')], {
      wait: (_ms, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          supervisor.stop();
        }),
    });
    t.same(await supervisor.run(), { kind: 'ok' });
    supervisor.stop();
  });
  await t.test('before it began', async (t) => {
    const { supervisor, states } = rig([]);
    supervisor.stop();
    t.same(await supervisor.run(), { kind: 'ok' });
    t.same(
      states.map((state) => state.kind),
      ['ended'],
    );
  });
});
