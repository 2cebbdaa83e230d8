import t from 'tap';
import { readRows } from '../../../server/store/read-rows.ts';

t.test('what makes sense, what does not, and turns for others', async (t) => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  t.teardown(() => {
    clearInterval(timer);
  });
  const rows = Array.from({ length: 2000 }, (_, at) => ({ id: String(at) }));
  const { records, problems } = await readRows(rows, (row) => {
    const { id } = row;
    return id.endsWith('7') ? { ok: false, problem: 'a seven' } : { ok: true, record: Number(id) };
  });
  t.equal(records.length, 1800);
  t.same(problems.slice(0, 2), ['7: a seven', '17: a seven']);
  t.ok(turns > 0);
});
