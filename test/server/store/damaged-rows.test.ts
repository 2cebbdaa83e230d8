import t from 'tap';
import { DamagedRows } from '../../../server/store/damaged-rows.ts';
import { createLog } from '../../support/log-lines.ts';

t.test('told once, and again when it is others', async (t) => {
  const { log, lines } = createLog();
  const damaged = new DamagedRows({ log, what: 'links' });
  damaged.tell([]);
  damaged.tell(['a: wrong']);
  damaged.tell(['a: wrong']);
  t.match(lines, [{ level: 'warn', count: 1, problems: ['a: wrong'], msg: /these links open nothing/ }]);
  damaged.tell(Array.from({ length: 9 }, (_, at) => `${String(at)}: wrong`));
  t.match(lines[1], { count: 9, problems: { length: 5 } });
  damaged.tell([]);
  damaged.tell(['a: wrong']);
  t.equal(lines.length, 3);
});
