import t from 'tap';
import { timeText } from '../../../server/pages/time-text.ts';

t.test('for people, and for programs', async (t) => {
  t.equal(
    timeText(Date.UTC(2026, 10, 2, 8, 5)).text,
    '<time datetime="2026-11-02T08:05:00.000Z">2 Nov 2026, 08:05 UTC</time>',
  );
});
