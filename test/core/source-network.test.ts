import fc from 'fast-check';
import t from 'tap';
import { sourceNetwork } from '../../core/source-network.ts';

const cases: readonly (readonly [address: string, network: string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
  ['unknown', 'unknown'],
];

for (const [address, network] of cases) {
  t.test(`the source of ${JSON.stringify(address)}`, (t) => {
    t.equal(sourceNetwork(address), network);
    t.end();
  });
}

t.test('two addresses are one source exactly when their first 64 bits are the same', (t) => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const half = fc.array(group, { minLength: 4, maxLength: 4 });
  const text = (groups: readonly number[]): string => groups.map((each) => each.toString(16)).join(':');
  fc.assert(
    fc.property(half, half, half, half, (netA, hostA, netB, hostB) => {
      const a = sourceNetwork(text([...netA, ...hostA]));
      t.equal(a, sourceNetwork(text([...netA, ...hostB])));
      t.equal(a === sourceNetwork(text([...netB, ...hostA])), text(netA) === text(netB));
    }),
  );
  t.end();
});
