import fc from 'fast-check';
import t from 'tap';
import { Backoff } from '../../core/backoff.ts';
import { Latch } from '../../core/lifecycle.ts';
import { type Failure, lost, refused } from '../../client/failure.ts';
import {
  type SupervisedSession,
  Supervisor,
  type SupervisorOptions,
  type TunnelState,
} from '../../client/supervisor.ts';

class FakeSession implements SupervisedSession {
  readonly #closed = new Latch<Failure>();
  readonly #draining = new Latch<number>();
  closes = 0;

  get closed(): Promise<Failure> {
    return this.#closed.promise;
  }

  get draining(): Promise<number> {
    return this.#draining.promise;
  }

  get alive(): boolean {
    return !this.#closed.settled;
  }

  lose(reason: string): this {
    this.#closed.settle(lost(reason));
    return this;
  }

  refuse(reason: string): this {
    this.#closed.settle(refused('forward', reason));
    return this;
  }

  drain(graceMs = 1000): this {
    this.#draining.settle(graceMs);
    return this;
  }

  close(): Promise<void> {
    this.closes += 1;
    this.#closed.settle(lost('closed'));
    return Promise.resolve();
  }
}

type State = TunnelState<FakeSession>;
type Step = FakeSession | Failure | (() => FakeSession | Failure);

interface Rig {
  readonly supervisor: Supervisor<FakeSession>;
  readonly states: State[];
  readonly delays: number[];
  nowMs: number;
  kinds(): string[];
  /** Settles when it has become so. */
  until(holds: () => boolean): Promise<void>;
}

/** A supervisor whose attempts end as planned, and whose waits take no time; when the plan is over it is refused. */
function rig(plan: Step[], options: Partial<SupervisorOptions<FakeSession>> = {}): Rig {
  const states: State[] = [];
  const delays: number[] = [];
  const made: Rig = {
    states,
    delays,
    nowMs: 0,
    kinds: () => states.map(({ kind }) => kind),
    until: async (holds) => {
      while (!holds()) await new Promise<void>((resolve) => void setImmediate(resolve));
    },
    supervisor: new Supervisor<FakeSession>({
      connect: () => {
        const step = plan.shift() ?? refused('forward', 'the plan is over');
        const next = typeof step === 'function' ? step() : step;
        return Promise.resolve(next instanceof FakeSession ? { kind: 'open', session: next } : next);
      },
      once: false,
      backoff: new Backoff({ initialMs: 500, maxMs: 15_000, random: () => 0.999 }),
      moveBackoff: new Backoff({ initialMs: 250, maxMs: 2000, random: () => 0.999 }),
      stableMs: 30_000,
      wait: (ms, signal) => {
        delays.push(ms);
        // What is longer than any delay between attempts is the patience with an old connection.
        if (ms < 20_000) return Promise.resolve();
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
        });
      },
      nowMs: () => made.nowMs,
      othersServe: () => false,
      onState: (state) => states.push(state),
      ...options,
    }),
  };
  return made;
}

t.test('losses are tried again with growing delays, refusals end it', async (t) => {
  const made = rig([lost('one'), lost('two'), lost('three'), refused('authentication', 'no')]);
  t.same(await made.supervisor.run(), { kind: 'refused', reason: 'no' });
  t.ok(made.delays.length === 3 && made.delays[0]! < made.delays[1]! && made.delays[1]! < made.delays[2]!);
  t.same(made.kinds(), [
    ...['connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'ended'],
  ]);
  t.match(made.states[4], { attempt: 3 });
});

t.test('delays are capped, and start over after a connection that lasted', async (t) => {
  const brief = new FakeSession().lose('at once');
  const lasting = new FakeSession();
  const made = rig([...Array.from({ length: 8 }, () => lost('x')), brief, lasting, lost('x')]);
  const running = made.supervisor.run();
  await made.until(() => made.states.some((state, index) => state.kind === 'connected' && index > 20));
  made.nowMs += 30_000;
  lasting.lose('after a while');
  await running;
  const [longest, afterBrief, afterLasting] = [made.delays[7]!, made.delays[8]!, made.delays[9]!];
  t.ok(longest <= 15_000 && longest > 14_000);
  t.ok(afterBrief > 14_000, 'a gateway that takes and drops connections is not hammered');
  t.ok(afterLasting <= 500);
});

t.test('every loss is told with its reason', async (t) => {
  const { supervisor, states } = rig([new FakeSession().lose('cut')]);
  await supervisor.run();
  t.match(states, [
    { kind: 'connecting' },
    { kind: 'connected' },
    { kind: 'disconnected', reason: 'cut' },
    { kind: 'waiting', reason: 'cut' },
  ]);
});

t.test('once means once', async (t) => {
  const session = new FakeSession().lose('cut');
  t.same(await rig([session], { once: true }).supervisor.run(), { kind: 'failed', reason: 'cut' });
  t.same(await rig([lost('no route')], { once: true }).supervisor.run(), {
    kind: 'failed',
    reason: 'no route',
  });
});

t.test('a certificate that only the clock is against ends the first try, but not a later one', async (t) => {
  const expired = refused('certificate-time', 'expired');
  t.same(await rig([expired]).supervisor.run(), { kind: 'refused', reason: 'expired' });
  const session = new FakeSession().lose('cut');
  t.same(await rig([session, expired, refused('certificate', 'untrusted')]).supervisor.run(), {
    kind: 'refused',
    reason: 'untrusted',
  });
});

t.test('a session that becomes useless ends it with the reason', async (t) => {
  t.same(await rig([new FakeSession().refuse('taken')]).supervisor.run(), {
    kind: 'refused',
    reason: 'taken',
  });
});

t.test('while another tunnel serves, no refusal is the end', async (t) => {
  let othersServe = true;
  const made = rig(
    [
      refused('authentication', 'not now'),
      () => {
        othersServe = false;
        return refused('authentication', 'no');
      },
    ],
    { othersServe: () => othersServe },
  );
  t.same(await made.supervisor.run(), { kind: 'refused', reason: 'no' });
  t.equal(made.delays.length, 1);
});

t.test('asked to move', async (t) => {
  await t.test('it connects anew first, and the old one serves until its gateway closes it', async (t) => {
    const old = new FakeSession();
    const fresh = new FakeSession();
    const made = rig([old, fresh]);
    const running = made.supervisor.run();
    await made.until(() => made.kinds().includes('connected'));
    made.nowMs += 60_000;
    old.drain(30_000);
    await made.until(() => made.kinds().includes('moved'));
    t.ok(old.alive && fresh.alive);
    t.same(
      made.delays,
      [35_000],
      'the new one is sought at once; the old one may stay for its grace and 5 s',
    );
    old.lose('the gateway is shutting down');
    await made.until(() => !old.alive);
    fresh.lose('cut');
    await running;
    t.same(made.kinds().slice(0, 5), ['connecting', 'connected', 'draining', 'moved', 'disconnected']);
    t.match(made.states[4], { reason: 'cut' }, 'the end of the old one is nothing to tell');
  });
  await t.test('an old one that its gateway forgets is closed', async (t) => {
    const old = new FakeSession().drain(1000);
    const fresh = new FakeSession();
    const made = rig([old, fresh], { wait: () => Promise.resolve() });
    const running = made.supervisor.run();
    await old.closed;
    t.equal(old.closes, 1);
    t.ok(fresh.alive);
    made.supervisor.stop();
    t.same(await running, { kind: 'ok' });
  });
  await t.test('and nobody takes it: it tries on while the old one serves, refused or not', async (t) => {
    const old = new FakeSession();
    const fresh = new FakeSession();
    const made = rig([old, lost('x'), refused('authentication', 'no'), lost('x'), fresh], { once: true });
    const running = made.supervisor.run();
    await made.until(() => made.kinds().includes('connected'));
    made.nowMs += 60_000;
    old.drain();
    await made.until(() => made.kinds().includes('moved'));
    t.same(made.kinds(), ['connecting', 'connected', 'draining', 'waiting', 'moved'], 'told once');
    t.ok(made.delays.every((ms) => ms <= 6000));
    fresh.lose('cut');
    t.same(await running, { kind: 'failed', reason: 'cut' });
  });
  await t.test('and the old one goes before there is another: an ordinary loss from then on', async (t) => {
    const old = new FakeSession();
    const made = rig([old, () => (old.lose('grace is over'), lost('x')), lost('y')]);
    const running = made.supervisor.run();
    await made.until(() => made.kinds().includes('connected'));
    made.nowMs += 60_000;
    old.drain();
    t.same(await running, { kind: 'refused', reason: 'the plan is over' });
    t.ok(made.kinds().includes('disconnected'));
  });
  await t.test('by everybody, all the time: it does not spin', async (t) => {
    const sessions = Array.from({ length: 6 }, () => new FakeSession().drain());
    const made: Rig = rig([...sessions, () => (made.supervisor.stop(), lost('x'))]);
    await made.supervisor.run();
    t.ok(made.delays.filter((ms) => ms > 1000 && ms <= 2000).length >= 2, 'the delays grow');
  });
});

t.test('whatever comes of moving, there is no moment without a session that serves', async () => {
  const step = fc.constantFrom('open', 'lost', 'refused', 'opens and is asked to go', 'the old one dies');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const sessions = [new FakeSession().drain(60_000)];
      const plan = ['open', ...steps];
      let wasCut = false;
      let gaps = 0;
      const made: Rig = rig([], {
        connect: () => {
          const isFirst = plan.length === steps.length + 1;
          if (!isFirst && !wasCut && !sessions.some(({ alive }) => alive)) gaps += 1;
          const next = plan.shift();
          if (next === undefined) made.supervisor.stop();
          if (next === 'the old one dies') {
            wasCut = true;
            for (const session of sessions) session.lose('cut');
          }
          if (next === 'refused' && !wasCut) return Promise.resolve(refused('authentication', 'no'));
          if (!next?.startsWith('open')) return Promise.resolve(lost('x'));
          const session = isFirst ? sessions[0]! : new FakeSession();
          if (!isFirst) sessions.push(session);
          if (next === 'open' && plan.length > 0) session.drain(60_000);
          if (next === 'open' && plan.length === 0) setImmediate(() => made.supervisor.stop());
          if (next === 'opens and is asked to go') session.drain();
          return Promise.resolve({ kind: 'open', session });
        },
      });
      await made.supervisor.run();
      return gaps === 0 && sessions.every(({ alive }) => !alive);
    }),
    { numRuns: 300 },
  );
});

t.test('stopped', async (t) => {
  const stopAt = (kind: string, plan: Step[]): Rig => {
    const made: Rig = rig(plan, {
      onState: (state) => {
        made.states.push(state);
        if (state.kind === kind) made.supervisor.stop();
      },
    });
    return made;
  };
  await t.test('while connected: the session is closed first', async (t) => {
    const session = new FakeSession();
    const made = stopAt('connected', [session]);
    t.same(await made.supervisor.run(), { kind: 'ok' });
    t.equal(session.closes, 1);
    t.same(made.kinds(), ['connecting', 'connected', 'ended']);
  });
  await t.test('while it connects: what comes late is closed', async (t) => {
    const session = new FakeSession();
    const made = stopAt('connecting', [session]);
    t.same(await made.supervisor.run(), { kind: 'ok' });
    t.equal(session.closes, 1);
    t.notOk(made.kinds().includes('connected'));
  });
  await t.test('while it connects, and that fails', async (t) => {
    t.same(await stopAt('connecting', [refused('authentication', 'no')]).supervisor.run(), { kind: 'ok' });
  });
  await t.test('while it moves: old and new are closed', async (t) => {
    const sessions = [new FakeSession().drain(30_000), new FakeSession()];
    const made = stopAt('moved', [...sessions]);
    t.same(await made.supervisor.run(), { kind: 'ok' });
    t.ok(sessions.every(({ alive }) => !alive));
  });
  await t.test('while it waits', async (t) => {
    const made = rig([lost('x')], {
      wait: (_ms, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          made.supervisor.stop();
        }),
    });
    t.same(await made.supervisor.run(), { kind: 'ok' });
    made.supervisor.stop();
  });
  await t.test('before it began', async (t) => {
    const made = rig([]);
    made.supervisor.stop();
    t.same(await made.supervisor.run(), { kind: 'ok' });
    t.same(made.kinds(), ['ended']);
  });
});
