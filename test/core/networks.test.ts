import fc from 'fast-check';
import t from 'tap';
import { compileAddressList } from '../../core/address-list.ts';
import { parseNetworkList } from '../../core/networks.ts';

t.test('each network comes back in its one form', async (t) => {
  for (const [text, canonical] of [
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['10.200.3.4/9', '10.128.0.0/9'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['2001:db8:0:1:2:3:4:5/61', '2001:db8::/61'],
    ['2001:db8::7/128', '2001:db8::7'],
    ['::/0', '::/0'],
    ['::1', '::1'],
    ['fd00:0:0:f::1/60', 'fd00::/60'],
    [' 192.0.2.7 , 2001:db8::/32 ', '192.0.2.7,2001:db8::/32'],
    ['192.0.2.7,192.0.2.7/32', '192.0.2.7'],
  ] as const)
    t.same(parseNetworkList(text), { ok: true, value: canonical }, text);
});

t.test('what is no list of networks is refused with a reason', async (t) => {
  for (const [text, problem] of [
    ['', /missing/],
    ['192.0.2.0/24,', /missing/],
    ['192.0.2.0/33', /0 to 32/],
    ['2001:db8::/129', /0 to 128/],
    ['192.0.2.0/', /slash/],
    ['192.0.2.0/08', /slash/],
    ['192.0.2.0/24/8', /slash/],
    ['192.0.2.*', /not an IP address/],
    ['example.com', /not an IP address/],
    ['fe80::1%eth0', /not an IP address/],
    ['::ffff:192.0.2.1', /without ::ffff:/],
    [Array.from({ length: 17 }, (_, index) => `192.0.2.${String(index)}`).join(','), /17 networks/],
  ] as const) {
    const parsed = parseNetworkList(text);
    t.match(parsed.ok ? 'taken' : parsed.problem, problem, text);
  }
});

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const network = fc.oneof(
  address,
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, prefix]) => `${ip}/${String(prefix)}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([ip, prefix]) => `${ip}/${String(prefix)}`),
);

t.test('the one form means the same, and stays as it is', async () => {
  fc.assert(
    fc.property(fc.array(network, { minLength: 1, maxLength: 16 }), address, (networks, visitor) => {
      const parsed = parseNetworkList(networks.join(','));
      // Some of them are IPv4 in the clothes of IPv6.
      if (!parsed.ok) return /::ffff:/i.test(parsed.problem);
      const again = parseNetworkList(parsed.value);
      const [given, canonical] = [networks.join(','), parsed.value].map(compileAddressList);
      return (
        again.ok &&
        again.value === parsed.value &&
        given !== undefined &&
        canonical?.contains(visitor) === given.contains(visitor)
      );
    }),
  );
});

t.test('no text makes it throw', async () => {
  const unit = fc.constantFrom(...'0 1 2 9 a f . : / , % * -'.split(' '), ' ');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit }), fc.string()), (text) => {
      parseNetworkList(text);
    }),
  );
});
