import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ExecResult } from '../../../client/remote-command.ts';
import type { TargetEvent } from '../../../client/report.ts';
import type { Settled } from '../../../client/session.ts';
import type { HostKeyScan } from '../../../client/ssh-server/host-key-scan.ts';
import { KnownIds } from '../../../client/ssh-server/known-ids.ts';
import { type ReportingSession, TargetReporter } from '../../../client/ssh-server/target-reporter.ts';
import { parseOffers } from '../../../client/target.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const key = 'ssh-ed25519 AAAA';
const other = 'ssh-ed25519 BBBB';

function settled(...texts: readonly string[]): Settled {
  const offers = parseOffers(texts);
  const open = offers.ok
    ? offers.value.map((offer) => ({ offer, url: '', access: undefined, shareUrl: undefined }))
    : [];
  return { env: 'pr-1', nodes: 1, open, refused: [] };
}

interface Asked {
  readonly id: string;
  readonly keys: string;
}

/** A connection whose gateway answers as the test says; with nothing said, that all is known. */
class FakeSession implements ReportingSession {
  readonly settled: Settled;
  readonly asked: Asked[] = [];
  readonly #closed = Promise.withResolvers<unknown>();
  readonly #draining = Promise.withResolvers<unknown>();
  readonly #answer: (asked: Asked, count: number) => Partial<ExecResult> | undefined;

  constructor(
    answer: (asked: Asked, count: number) => Partial<ExecResult> | undefined = taken('known'),
    offered: Settled = settled('ssh=22'),
  ) {
    this.#answer = answer;
    this.settled = offered;
  }

  get closed(): Promise<unknown> {
    return this.#closed.promise;
  }

  get draining(): Promise<unknown> {
    return this.#draining.promise;
  }

  close(): void {
    this.#closed.resolve(undefined);
  }

  drain(): void {
    this.#draining.resolve(undefined);
  }

  async run(command: string, keys: string): Promise<ExecResult | undefined> {
    await Promise.resolve();
    const asked = { id: /--id=(\S+)/.exec(command)?.[1] ?? '', keys: keys.trim() };
    this.asked.push(asked);
    const answer = this.#answer(asked, this.asked.length);
    return answer && { code: 0, stdout: '', stderr: '', ...answer };
  }
}

function taken(kind: string, hostKeys: readonly string[] = [key]) {
  return ({ id }: Asked): Partial<ExecResult> => ({
    stdout: JSON.stringify({ kind, id, name: 'pr-1', env: 'pr-1', hostKeys }),
  });
}

function setUp(t: Test, recheckMs = 1) {
  const folder = scratchDir(t);
  const machine = {
    shows: { kind: 'keys', keys: [key] } as HostKeyScan,
    last: undefined as readonly string[] | undefined,
    looks: 0,
    forgotten: 0,
  };
  const look = (): Promise<HostKeyScan> => {
    machine.looks += 1;
    return Promise.resolve(machine.shows);
  };
  const told: TargetEvent[] = [];
  const reporter = new TargetReporter({
    hostKeys: {
      get last() {
        return machine.last;
      },
      read: look,
      recheck: look,
      forget: () => void (machine.forgotten += 1),
    },
    ids: new KnownIds(undefined, (env) => join(folder, env)),
    facts: (id) => ({ id, name: undefined, osUser: undefined, certificates: undefined }),
    tell: (event) => void told.push(event),
    recheckMs,
    retry: { initialMs: 1, maxMs: 2 },
  });
  t.teardown(() => reporter.close());
  return { machine, told, reporter };
}

t.test('each connection reports, and it is told once', async (t) => {
  const { told, reporter } = setUp(t, 1e9);
  const sessions = [new FakeSession(taken('new')), new FakeSession(), new FakeSession()];
  for (const session of sessions) reporter.watch(session);
  await until('all have reported', () => sessions.every(({ asked }) => asked.length === 1));
  t.equal(new Set(sessions.map(({ asked }) => asked[0]?.id)).size, 1);
  t.same(sessions[2]?.asked[0]?.keys, key);
  const hostKeys = [fingerprint(Buffer.from('AAAA', 'base64'))];
  await until('it is told', () => told.length > 0);
  t.match(told, [{ event: 'target', state: 'new', name: 'pr-1', env: 'pr-1', hostKeys, unpinned: [] }]);
  t.equal(told.length, 1);
});

t.test('keys that stay are looked at again, and not reported', async (t) => {
  const { machine, reporter } = setUp(t);
  const session = new FakeSession();
  reporter.watch(session);
  await until('it was looked at often', () => machine.looks > 5);
  t.equal(session.asked.length, 1);
});

t.test('keys that change are reported, and what becomes of that is told', async (t) => {
  const { machine, told, reporter } = setUp(t);
  let trusted = false;
  const session = new FakeSession((asked) => {
    if (asked.keys === key) return taken('known')(asked);
    return trusted ? taken('known', [other])(asked) : taken('unconfirmed')(asked);
  });
  reporter.watch(session);
  await until('it is known', () => told.length === 1);
  machine.shows = { kind: 'keys', keys: [other] };
  await until('the warning', () => told.length === 2);
  const unpinned = [fingerprint(Buffer.from('BBBB', 'base64'))];
  t.match(told[1], { event: 'target', state: 'unconfirmed', unpinned });
  const before = session.asked.length;
  await until('it is asked again', () => session.asked.length > before + 2);
  t.equal(told.length, 2, 'the warning is not repeated');
  trusted = true;
  await until('it is confirmed', () => told.length === 3);
  t.match(told[2], { event: 'target', state: 'known', hostKeys: unpinned, unpinned: [] });
});

t.test('of two machines with one id this one gets another, once', async (t) => {
  const { told, reporter } = setUp(t, 1e9);
  const conflict = { code: 1, stderr: 'another machine has it (ERR_CONFLICT)' };
  const session = new FakeSession((asked, count) => (count === 1 ? conflict : taken('new')(asked)));
  reporter.watch(session);
  await until('it is known', () => told.length === 2);
  t.match(told, [
    { event: 'target-problem', state: 'conflict', reason: /ERR_CONFLICT/ },
    { event: 'target', state: 'new' },
  ]);
  t.not(session.asked[0]?.id, session.asked[1]?.id);
  const later = new FakeSession(() => conflict);
  reporter.watch(later);
  await until('it has reported', () => told.length === 3);
  t.equal(later.asked.length, 1);
  t.equal(later.asked[0]?.id, session.asked[1]?.id);
});

t.test('an id that another machine has is asked for again, for that one may go', async (t) => {
  const { told, reporter } = setUp(t);
  const session = new FakeSession((asked, count) =>
    count < 6 ? { code: 1, stderr: 'another machine has it (ERR_CONFLICT)' } : taken('known')(asked),
  );
  reporter.watch(session);
  await until('it is known', () => told.some(({ event }) => event === 'target'));
  t.equal(told.length, 2, 'the conflict is told once');
});

t.test('what may pass is tried again, and a refusal is not', async (t) => {
  const { told, reporter } = setUp(t, 1e9);
  const busy = new FakeSession((asked, count) =>
    count < 4 ? { code: 1, stderr: 'the database is away' } : taken('known')(asked),
  );
  reporter.watch(busy);
  await until('it is known', () => told.length === 2);
  t.match(told, [{ state: 'later', reason: 'the database is away' }, { state: 'known' }]);
  t.equal(busy.asked.length, 4);
  const refused = new FakeSession(() => ({ code: 3, stderr: 'not for you' }));
  reporter.watch(refused);
  await until('it is told', () => told.length === 3);
  t.match(told[2], { event: 'target-problem', state: 'refused', reason: 'not for you' });
  const silent = new FakeSession((asked, count) => (count === 1 ? undefined : taken('known')(asked)));
  reporter.watch(silent);
  await until('it has asked twice', () => silent.asked.length === 2);
  t.equal(refused.asked.length, 1);
});

t.test('a gateway that knows no targets is told of once', async (t) => {
  const { told, reporter } = setUp(t);
  const old = new FakeSession(() => ({ code: 2, stderr: 'unknown command "target"' }));
  reporter.watch(old);
  await until('it is told', () => told.length === 1);
  t.match(told, [{ event: 'target-problem', state: 'unsupported' }]);
  t.equal(old.asked.length, 1);
});

t.test('without an SSH server that answers there is nothing to report', async (t) => {
  const { machine, told, reporter } = setUp(t, 1e9);
  machine.shows = { kind: 'unreachable', reason: 'refused' };
  const session = new FakeSession();
  reporter.watch(session);
  await until('it was looked for', () => machine.looks > 3);
  t.same(told, [], 'that nothing listens is told elsewhere');
  machine.shows = { kind: 'mute', reason: 'HTTP' };
  await until('it is told', () => told.length === 1);
  t.match(told, [{ event: 'target-problem', state: 'ssh-server', reason: 'HTTP' }]);
  t.equal(session.asked.length, 0);
  machine.shows = { kind: 'keys', keys: [key] };
  await until('it has reported', () => session.asked.length === 1);
});

t.test('who begins to listen is looked at anew', async (t) => {
  const { machine, told, reporter } = setUp(t, 1e9);
  reporter.watch(new FakeSession());
  await until('it is known', () => told.length === 1);
  t.equal(machine.looks, 1);
  reporter.listening();
  await until('it was looked at', () => machine.looks === 2);
  t.equal(machine.forgotten, 1);
});

t.test('a connection that is over, or on which it is not offered, reports nothing', async (t) => {
  const { machine, told, reporter } = setUp(t);
  const without = new FakeSession(undefined, settled('web=3000'));
  const [closed, drained] = [new FakeSession(), new FakeSession()];
  closed.close();
  drained.drain();
  for (const session of [without, closed, drained]) reporter.watch(session);
  await until('it was looked at', () => machine.looks > 5);
  reporter.close();
  t.same(
    [without, closed, drained].flatMap(({ asked }) => asked),
    [],
  );
  t.same(told, []);
});

t.test('a connection that is lost with its report is no news', async (t) => {
  const { told, reporter } = setUp(t);
  const session = new FakeSession(() => {
    session.close();
    return undefined;
  });
  reporter.watch(session);
  await session.closed;
  const next = new FakeSession();
  reporter.watch(next);
  await until('the next one has reported', () => told.length > 0);
  t.match(told, [{ event: 'target', state: 'known' }]);
});

t.test('what was seen last is reported before it is looked at again', async (t) => {
  const { machine, told, reporter } = setUp(t, 1e9);
  machine.last = [key];
  const session = new FakeSession(({ id, keys }) => {
    t.equal(machine.looks, keys === key ? 0 : 1);
    return taken('known', [keys])({ id, keys });
  });
  machine.shows = { kind: 'keys', keys: [other] };
  reporter.watch(session);
  await until('both were reported', () => told.length === 2);
  t.same(
    session.asked.map(({ keys }) => keys),
    [key, other],
  );
  machine.shows = { kind: 'keys', keys: [key] };
  const second = new FakeSession();
  reporter.watch(second);
  await until('it was looked at', () => machine.looks === 2);
  t.equal(second.asked.length, 1, 'what is as before is not said twice');
});

t.test('a command that breaks is tried again', async (t) => {
  const { told, reporter } = setUp(t, 1e9);
  const session = new FakeSession((asked, count) => {
    if (count === 1) throw new Error('broken');
    return taken('known')(asked);
  });
  reporter.watch(session);
  await until('it is known', () => told.some(({ event }) => event === 'target'));
  t.match(told[0], { state: 'later' });
});
