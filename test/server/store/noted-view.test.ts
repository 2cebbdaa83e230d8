import t, { type Test } from 'tap';
import { openDatabase } from '../../../server/store/database.ts';
import { NotedView } from '../../../server/store/noted-view.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

type Notes = readonly (readonly [id: string, note: number])[];

async function setting(t: Test) {
  const database = await openDatabase(scratchDir(t));
  const { log, lines } = createLog();
  const written: Notes[] = [];
  const disk: { failure?: Error } = {};
  const view = new NotedView<undefined, number>({
    ...{ database, log, name: 'targets', what: 'things', noted: 'what was noted', retryMs: 1 },
    ...{ read: () => Promise.resolve(undefined), take: () => Promise.resolve() },
    writeNotes: (_, notes) => {
      if (disk.failure !== undefined) return Promise.reject(disk.failure);
      written.push(notes);
      return Promise.resolve();
    },
    ...{ writeIntervalMs: 3_600_000, maxPending: 10 },
  });
  await view.open();
  t.teardown(async () => {
    await view.end();
    await database.close();
  });
  return { view, lines, written, disk };
}

t.test('what is noted is written later, the newest of each', async (t) => {
  const { view, lines, written, disk } = await setting(t);
  view.note('a', 1);
  view.note('b', 1);
  view.note('a', 2);
  disk.failure = new Error('full');
  await view.flush();
  t.match(lines, [{ level: 'error', msg: 'what was noted cannot be written to the database' }]);
  delete disk.failure;
  await view.flush();
  t.match(lines.at(-1), { level: 'info', msg: 'what was noted is written to the database again' });
  t.same(written, [
    [
      ['b', 1],
      ['a', 2],
    ],
  ]);
});

t.test('at its end it is written once more, and nothing after that', async (t) => {
  const { view, written } = await setting(t);
  let purges = 0;
  const purge = () => view.purge(() => Promise.resolve(void (purges += 1)));
  await purge();
  view.note('a', 1);
  await view.end();
  view.note('a', 2);
  await view.end();
  await view.flush();
  await purge();
  t.same(written, [[['a', 1]]]);
  t.equal(purges, 1);
  await t.rejects(view.change({ write: () => Promise.resolve(1), apply: () => undefined }), {
    code: 'ERR_STORE_UNAVAILABLE',
  });
});

t.test('what cannot be removed is told', async (t) => {
  const { view, lines } = await setting(t);
  await view.purge(() => Promise.reject(new Error('locked')));
  t.match(lines, [{ level: 'warn', msg: 'things that are over cannot be removed from the database' }]);
});
