import t from 'tap';
import { HoldTimer, type Held } from '../../../server/routing/hold-timer.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { TestScope } from '../../support/scope.ts';
import { until } from '../../support/until.ts';

/** The timer under test keeps no process alive; this does. */
function stayAlive(t: TestScope): void {
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
}

class Something implements Held {
  heldUntilMs: number;
  settled = 0;
  readonly #clock: FakeClock;
  readonly #onSettle: () => void;

  constructor(clock: FakeClock, inMs: number, onSettle: () => void = () => undefined) {
    this.#clock = clock;
    this.#onSettle = onSettle;
    this.heldUntilMs = clock.monotonic() + inMs;
  }

  settle(): void {
    t.ok(this.#clock.monotonic() >= this.heldUntilMs, 'never too early');
    this.settled += 1;
    this.heldUntilMs = Infinity;
    this.#onSettle();
  }
}

t.test('each is settled once, when its time is over', async (t) => {
  stayAlive(t);
  const clock = new FakeClock();
  const timer = new HoldTimer(clock);
  const [later, sooner, never, forgotten] = [40, 1, 3_600_000, 10].map((ms) => new Something(clock, ms)) as [
    Something,
    Something,
    Something,
    Something,
  ];
  for (const each of [later, sooner, never, forgotten]) timer.watch(each);
  timer.forget(forgotten);
  clock.advance(1);
  await until('the sooner one', () => sooner.settled > 0);
  clock.wallMs += 86_400_000;
  t.equal(later.settled, 0);
  clock.advance(39);
  await until('the later one', () => later.settled > 0);
  t.same(
    [sooner, later, never, forgotten].map(({ settled }) => settled),
    [1, 1, 0, 0],
  );
});

t.test('of many that are due at once, others get their turn in between', async (t) => {
  stayAlive(t);
  const clock = new FakeClock();
  const timer = new HoldTimer(clock);
  const turns: number[] = [];
  let sameTurn = false;
  const onSettle = (): void => {
    if (!sameTurn) {
      turns.push(0);
      sameTurn = true;
      setImmediate(() => {
        sameTurn = false;
      });
    }
    turns.push((turns.pop() ?? 0) + 1);
  };
  const many = Array.from({ length: 1200 }, () => new Something(clock, 1, onSettle));
  for (const each of many) timer.watch(each);
  clock.advance(1);
  await until('all of them', () => many.every(({ settled }) => settled === 1));
  t.same(turns, [500, 500, 200]);
});
