import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { storeReleased, writeFailure } from '../../../server/store/write-failure.ts';

t.test('what SQLite says, in words', async (t) => {
  const words: readonly (readonly [number, RegExp])[] = [
    [5, /locked/],
    [5 | (2 << 8), /locked/],
    [8, /read-only/],
    [10, /disk does not work/],
    [11, /damaged/],
    [13, /no space left/],
    [14, /cannot be opened/],
    [26, /damaged/],
    [1, /see the log/],
  ];
  for (const [errcode, message] of words) {
    const cause = Object.assign(new Error('/secret/path: failed'), { errcode });
    const failure = writeFailure(cause);
    t.match(failure, { code: 'ERR_STORE_UNAVAILABLE', message, cause });
    t.match(failure.message, /nothing was changed/);
    t.notMatch(failure.message, /secret/);
  }
});

t.test('what has a code already is left as it is', async (t) => {
  const conflict = new PortholeError('ERR_CONFLICT');
  t.equal(writeFailure(conflict), conflict);
  t.match(storeReleased(), { code: 'ERR_STORE_UNAVAILABLE' });
});
