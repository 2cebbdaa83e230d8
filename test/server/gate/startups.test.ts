import t from 'tap';
import { LoginStartups, type Release } from '../../../server/gate/startups.ts';

const never = new AbortController().signal;
const options = { maxAtOnce: 2, maxWaiting: 3, waitMs: 60_000 };

/** The names of those who got a place, in the order in which they did. */
function line(startups: LoginStartups, machine = 'vm') {
  const entered: string[] = [];
  const releases = new Map<string, Release>();
  const ask = (name: string, signal = never): Promise<void> =>
    startups.enter(machine, signal).then((release) => {
      entered.push(release === undefined ? `not ${name}` : name);
      if (release !== undefined) releases.set(name, release);
    });
  return { entered, releases, ask };
}

t.test('so many at a time, the others in their order', async (t) => {
  const { entered, releases, ask } = line(new LoginStartups(options));
  const all = ['a', 'b', 'c', 'd'].map((name) => ask(name));
  await Promise.all(all.slice(0, 2));
  t.same(entered, ['a', 'b']);
  releases.get('b')?.();
  releases.get('b')?.();
  await all[2];
  t.same(entered, ['a', 'b', 'c'], 'a place passes on once');
  releases.get('a')?.();
  await all[3];
  t.same(entered, ['a', 'b', 'c', 'd']);
});

t.test('each machine for itself, and again when it was left', async (t) => {
  const startups = new LoginStartups({ ...options, maxAtOnce: 1 });
  const [one, other] = [line(startups, 'one'), line(startups, 'other')];
  await one.ask('a');
  await other.ask('b');
  t.same([one.entered, other.entered], [['a'], ['b']]);
  one.releases.get('a')?.();
  await one.ask('c');
  t.same(one.entered, ['a', 'c']);
});

t.test('a bounded number waits, for a bounded time, and nobody who has left', async (t) => {
  const startups = new LoginStartups({ ...options, maxAtOnce: 1, waitMs: 5 });
  const { entered, releases, ask } = line(startups);
  const left = new AbortController();
  const first = ask('a');
  const waiting = [ask('late'), ask('gone', left.signal), ask('late')];
  await ask('too many');
  left.abort();
  await Promise.all([first, ...waiting]);
  t.same(entered.toSorted(), ['a', 'not gone', 'not late', 'not late', 'not too many']);
  releases.get('a')?.();
  await ask('b');
  t.equal(entered.at(-1), 'b');
  await ask('c', left.signal);
  t.equal(entered.at(-1), 'not c', 'who has left before gets in no line');
});
