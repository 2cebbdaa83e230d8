import { isIPv4 } from 'node:net';
import t from 'tap';
import { loopbackAddress } from '../../../bench/chaos/loopback.ts';

t.test('each number has an address of its own', async (t) => {
  const addresses = Array.from({ length: 2000 }, (_, index) => loopbackAddress(index));
  t.equal(new Set(addresses).size, 2000);
  t.ok(
    addresses.every(
      (address) => isIPv4(address) && address.startsWith('127.') && !/\.(0|255)$/.test(address),
    ),
  );
  t.throws(() => loopbackAddress(-1), RangeError);
  t.throws(() => loopbackAddress(70_000), RangeError);
});
