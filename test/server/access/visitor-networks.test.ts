import fc from 'fast-check';
import t from 'tap';
import { visitorAllowed } from '../../../server/access/visitor-networks.ts';

t.test('a forward that says nothing may be visited from anywhere', async (t) => {
  t.equal(visitorAllowed(undefined, '203.0.113.9'), true);
  t.equal(visitorAllowed(undefined, ''), true);
});

t.test('else from its networks only', async (t) => {
  const from = '192.0.2.0/24,2001:db8::/32';
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8:1::1'])
    t.equal(visitorAllowed(from, address), true, address);
  for (const address of ['192.0.3.1', '2001:db9::1', '', 'unknown'])
    t.equal(visitorAllowed(from, address), false, address);
});

t.test('nobody is in a list that is none', async () => {
  fc.assert(
    fc.property(fc.constantFrom('', ',', '192.0.2.0/99', 'anybody'), fc.ipV4(), (from, address) => {
      return !visitorAllowed(from, address);
    }),
  );
});

t.test('many lists change nothing', async (t) => {
  for (let count = 0; count < 3000; count += 1) {
    const own = `10.${String(count >> 8)}.${String(count & 255)}.1`;
    if (!visitorAllowed(own, own) || visitorAllowed(own, '192.0.2.1')) t.fail(own);
  }
  t.equal(visitorAllowed('10.0.0.1', '10.0.0.1'), true);
});
