import fc from 'fast-check';
import t from 'tap';
import { describeRequest, printable, Refusals } from '../../../server/ssh/refusals.ts';

const web = { kind: 'tcpip', bindAddr: 'web', bindPort: 80 } as const;
const api = { kind: 'streamlocal', socketPath: '/api' } as const;

t.test('told once, the last reason for each request', (t) => {
  const refusals = new Refusals();
  refusals.add('me', { request: web, reason: 'first' });
  refusals.add('me', { request: api, reason: 'no' });
  refusals.add('me', { request: web, reason: 'second' });
  t.same(refusals.take('me'), [
    { request: api, reason: 'no' },
    { request: web, reason: 'second' },
  ]);
  t.same(refusals.take('me'), []);
  t.same(refusals.take('somebody else'), []);
  t.end();
});

t.test('a bounded number, of users and for each', (t) => {
  const refusals = new Refusals();
  for (let i = 0; i < 100; i += 1) refusals.add('me', { request: { ...web, bindPort: i }, reason: 'no' });
  t.equal(refusals.take('me').length, 8);
  refusals.add('first', { request: web, reason: 'no' });
  for (let i = 0; i < 1000; i += 1) refusals.add(`user ${i}`, { request: web, reason: 'no' });
  t.same(refusals.take('first'), []);
  t.equal(refusals.take('user 999').length, 1);
  t.end();
});

t.test('forgotten after ten minutes', (t) => {
  const refusals = new Refusals();
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  refusals.add('me', { request: web, reason: 'no' });
  Date.now = () => now() + 10 * 60_000 + 1;
  t.same(refusals.take('me'), []);
  t.end();
});

t.test('requests as they were written', (t) => {
  t.equal(describeRequest(web), '-R web:80');
  t.equal(describeRequest(api), '-R /api');
  t.equal(describeRequest({ ...web, bindAddr: 'a\u001b[2Jb\n' }), '-R a?[2Jb?:80');
  t.end();
});

t.test('text from outside never moves the cursor, hides itself, or fills the screen', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      const shown = printable(text);
      return shown.length <= 512 && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(shown);
    }),
  );
  t.equal(printable('web–ü'), 'web–ü');
  t.end();
});
