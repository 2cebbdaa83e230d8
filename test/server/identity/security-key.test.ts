import t from 'tap';
import { SecurityKeys } from '../../../server/identity/security-key.ts';

const touched = { userPresent: true, userVerified: false };
const key = 'SHA256:one';

t.test('a touch is needed, unless the rules of the key say otherwise', (t) => {
  const keys = new SecurityKeys();
  const untouched = { userPresent: false, userVerified: false };
  t.match(keys.judge(key, { ...untouched, counter: 1 }), 'nobody touched the security key');
  t.equal(keys.judge(key, { ...touched, counter: 1 }), undefined);
  const lenient = { touchRequired: false, verifyRequired: false };
  t.equal(keys.judge(key, { ...untouched, counter: 2 }, lenient), undefined);
  t.end();
});

t.test('so is a PIN or a fingerprint, where the rules say so', (t) => {
  const keys = new SecurityKeys();
  const strict = { touchRequired: true, verifyRequired: true };
  t.match(keys.judge(key, { ...touched, counter: 1 }, strict), /needs a PIN/);
  t.equal(keys.judge(key, { userPresent: true, userVerified: true, counter: 1 }, strict), undefined);
  t.end();
});

t.test('a counter grows, or is always 0', (t) => {
  const keys = new SecurityKeys();
  const judged = (counter: number, lastCounter?: number): boolean => {
    const known = lastCounter === undefined ? {} : { lastCounter };
    const policy = { touchRequired: true, verifyRequired: false, ...known };
    return keys.judge(key, { ...touched, counter }, policy) === undefined;
  };
  t.equal(judged(0), true);
  t.equal(judged(0), true, 'a device without one');
  t.equal(judged(5), true);
  t.equal(judged(5), false, 'the same again');
  t.equal(judged(4), false, 'back');
  t.equal(judged(0), false, 'a device that had one');
  t.equal(judged(7, 6), true);
  t.equal(judged(9, 20), false, 'what the store knows counts too');
  t.equal(judged(8, 3), true, 'as does what it has not written yet');
  t.equal(judged(8, 3), false);
  t.equal(judged(2 ** 32 - 1), true);
  t.equal(judged(0), false, 'nor does it begin again');
  t.match(keys.judge(key, { ...touched, counter: 1 }), /went back: was the key cloned\?/);
  t.end();
});

t.test('what is refused leaves no trace', (t) => {
  const keys = new SecurityKeys();
  t.ok(keys.judge(key, { userPresent: false, userVerified: false, counter: 9 }));
  t.equal(keys.judge(key, { ...touched, counter: 3 }), undefined);
  t.equal(keys.judge('SHA256:two', { ...touched, counter: 3 }), undefined, 'each key has its own');
  t.end();
});

t.test('bounded: the one that was not used for longest is forgotten first', (t) => {
  const keys = new SecurityKeys();
  for (let i = 0; i < 10_000; i += 1) keys.judge(String(i), { ...touched, counter: 5 });
  t.equal(keys.judge('0', { ...touched, counter: 6 }), undefined, 'used again');
  keys.judge('another', { ...touched, counter: 5 });
  t.ok(keys.judge('0', { ...touched, counter: 1 }), 'still known');
  t.ok(keys.judge('2', { ...touched, counter: 1 }));
  t.equal(keys.judge('1', { ...touched, counter: 1 }), undefined, 'forgotten');
  t.end();
});
