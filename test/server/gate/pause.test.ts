import t from 'tap';
import { pause } from '../../../server/gate/pause.ts';

t.test('a pause ends by itself, or when nobody waits any more', async (t) => {
  const waiting = new AbortController();
  await pause(1, waiting.signal);
  const long = pause(1e9, waiting.signal);
  waiting.abort();
  await long;
  await pause(1e9, waiting.signal);
  t.pass('all of them ended');
});
