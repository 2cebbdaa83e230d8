import { crc32 } from 'node:zlib';
import t from 'tap';
import { endingOf } from '../../../bench/chaos/visits.ts';

const body = Buffer.from('hello');
const get = { id: 'r-1', env: 'one', path: '/', body: undefined, deadlineMs: 1 };
const post = { ...get, body };
const answer = (said: object, more: object = {}) => ({
  status: 200,
  code: undefined,
  text: JSON.stringify(said),
  ...more,
});
const toGet = { env: 'one', id: 'r-1', received: 0, crc: 0 };
const toPost = { env: 'one', id: 'r-1', received: 5, crc: crc32(body) };

t.test('an answer must be for this very request and tell of its whole body', async (t) => {
  t.same(endingOf(get, answer(toGet)), { kind: 'answered', status: 200, answeredBy: 'one' });
  t.same(endingOf(post, answer(toPost)), { kind: 'answered', status: 200, answeredBy: 'one' });
  t.match(endingOf(get, answer({ ...toGet, id: 'r-2' })), { problem: /r-2/ });
  t.match(endingOf(post, answer(toGet)), { problem: /body/ });
  t.match(endingOf(post, answer({ ...toPost, crc: 1 })), { problem: /body/ });
  t.match(endingOf(get, { status: 200, code: undefined, text: '<html>' }), { problem: /not from the app/ });
});

t.test('another status is told with its code', async (t) => {
  const told = endingOf(get, { status: 503, code: 'ERR_ENV_OFFLINE', text: '{}' });
  t.same(told, { kind: 'answered', status: 503, code: 'ERR_ENV_OFFLINE' });
});
