import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readRecords, RecordFile } from '../../../bench/chaos/records.ts';

t.test('records are read while they are written, whole lines only', async (t) => {
  const file = join(t.testdir(), 'records.jsonl');
  t.same(readRecords(file), [], 'none while there is no file');
  const records = new RecordFile<{ id: number }>(file);
  records.add({ id: 1 });
  records.add({ id: 2 });
  appendFileSync(file, '{"id":');
  t.same(readRecords(file), [{ id: 1 }, { id: 2 }]);
});
