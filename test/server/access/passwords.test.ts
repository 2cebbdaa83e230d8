import t from 'tap';
import {
  hashPassword,
  passwordProblem,
  verifyPassword,
  wasteTime,
} from '../../../server/access/passwords.ts';

t.test('a password is good for its hash, and nothing else is', async (t) => {
  const hash = await hashPassword('correct horse');
  t.match(hash, /^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  t.equal(await verifyPassword('correct horse', hash), true);
  for (const wrong of ['Correct horse', 'correct horse ', 'correct', '', 'correct horse\0'])
    t.equal(await verifyPassword(wrong, hash), false, JSON.stringify(wrong));
});

t.test('the same password has another hash each time', async (t) => {
  t.not(await hashPassword('secret'), await hashPassword('secret'));
});

t.test('however its letters are written', async (t) => {
  const hash = await hashPassword('caf\u00e9');
  t.equal(await verifyPassword('cafe\u0301', hash), true);
});

t.test('nothing is good for what is no hash', async (t) => {
  for (const hash of ['', 'secret', 'scrypt$1$8$1$aaaaaaaaaaaaaaaaaaaaaa$secret'])
    t.equal(await verifyPassword('secret', hash), false, hash);
});

t.test('what cannot be a password', async (t) => {
  t.equal(passwordProblem('x'), undefined);
  t.equal(passwordProblem('x'.repeat(256)), undefined);
  t.equal(passwordProblem('e\u0301'.repeat(128)), undefined, 'counted as it is kept');
  t.match(passwordProblem(''), /empty/);
  t.match(passwordProblem('x'.repeat(257)), /256 bytes/);
  t.match(passwordProblem('\u00e9'.repeat(129)), /256 bytes/);
  t.match(passwordProblem('e\u0301'.repeat(100_000)), /256 bytes/);
  t.match(passwordProblem('two\nlines'), /control characters/);
  await t.rejects(hashPassword('two\nlines'), { code: 'ERR_BAD_REQUEST' });
});

t.test('of a crowd some wait, and the others are told that it is busy', async (t) => {
  const all = await Promise.allSettled(Array.from({ length: 40 }, () => wasteTime('secret')));
  const refused = all.filter(({ status }) => status === 'rejected');
  t.equal(refused.length, 40 - 2 - 32);
  for (const each of refused) t.match(each, { reason: { code: 'ERR_BUSY' } });
  await t.resolves(wasteTime('secret'), 'and then there is room again');
});
