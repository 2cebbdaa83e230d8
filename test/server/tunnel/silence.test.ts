import t from 'tap';
import { Silence } from '../../../server/tunnel/silence.ts';

/** A tick: `.` nothing, `?` nothing though it was asked, `!` something was heard. */
function run(ticks: string): string {
  let told = '';
  const silence = new Silence((silent) => (told += silent ? 'S' : 'H'));
  for (const tick of ticks) {
    silence.tick({ heard: tick === '!', asked: tick === '?' });
    told += tick;
  }
  return told;
}

t.test('silent after three ticks without an answer to a ping, until it is heard', (t) => {
  const cases = [
    ['..........', '..........'],
    ['....??!...', '....??!...'],
    ['....???', '....??S?'],
    ['??????!??', '??S????H!??'],
    ['???...!', '??S?...H!'],
    ['??!??!??!', '??!??!??!'],
    ['???!???!', '??S?H!??S?H!'],
  ];
  for (const [ticks, told] of cases) t.equal(run(String(ticks)), told);
  t.end();
});
