import { PassThrough } from 'node:stream';
import t from 'tap';
import { oneLine } from '../../client/printable.ts';
import { askHidden, paint, wantsColour } from '../../client/terminal.ts';

t.test('colours only where they are wanted', async (t) => {
  t.equal(wantsColour({ isTTY: true }, {}), true);
  t.equal(wantsColour({}, {}), false);
  t.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  t.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
  t.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  t.equal(paint('bad', 'text', true), '\u001b[31mtext\u001b[0m');
  t.equal(paint('plain', 'text', true), 'text');
  t.equal(paint('bad', 'text', false), 'text');
});

t.test('a hidden answer', async (t) => {
  for (const [typed, answer] of [
    ['secret\r', 'secret'],
    ['\u0003', undefined],
    ['\u0004', undefined],
  ] as const) {
    const input = new PassThrough();
    const output = new PassThrough();
    const asked = askHidden('passphrase: ', { input, output });
    input.write(typed);
    t.equal(await asked, answer);
    const shown = String(output.read());
    t.match(shown, 'passphrase: ');
    t.notMatch(shown, 'secret');
  }
});

t.test('what a gateway says is fit for a terminal', async (t) => {
  t.equal(oneLine('  two\r\nlines\t'), 'two lines');
  t.equal(oneLine('\u001b]0;title\u0007 \u202eright to left'), '?]0;title? ?right to left');
  t.equal(oneLine('x'.repeat(10_000)).length, 2000);
});
