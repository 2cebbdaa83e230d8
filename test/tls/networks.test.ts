import fc from 'fast-check';
import t from 'tap';
import { PortholeError } from '../../core/errors.ts';
import { networkProblem, parseNetworks, plainAddress } from '../../tls/networks.ts';

t.test('knows which addresses lie in its networks', async (t) => {
  const networks = parseNetworks(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8::1', ' 172.16.0.0/12 ']);
  for (const inside of [
    '10.1.2.3',
    '192.0.2.7',
    'fd12::1',
    '2001:db8::1',
    '172.31.255.255',
    '::ffff:10.9.8.7',
  ]) {
    t.ok(networks.contains(inside), inside);
  }
  for (const outside of [
    '11.0.0.1',
    '192.0.2.8',
    'fe80::1',
    '2001:db8::2',
    '::ffff:11.0.0.1',
    'localhost',
    '',
  ]) {
    t.notOk(networks.contains(outside), outside);
  }
  t.notOk(parseNetworks([]).contains('127.0.0.1'), 'none');
  t.ok(parseNetworks(['0.0.0.0/0']).contains('203.0.113.9'), 'all of IPv4');
  t.notOk(parseNetworks(['0.0.0.0/0']).contains('2001:db8::1'), 'and nothing of IPv6');
  t.ok(parseNetworks(['::/0']).contains('2001:db8::1'), 'all of IPv6');
  t.ok(parseNetworks(['fe80::/10']).contains('fe80::1%eth0'), 'with a zone');
});

t.test('tells of every text that is not a network', async (t) => {
  const wrong = ['10.0.0.0/33', '::/129', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0/8', 'example.com', '', '/8'];
  for (const text of [...wrong, '10.0.0.0/ 8', '10.0.0.0/', '::ffff:10.0.0.0/104', 'fe80::1%eth0/64']) {
    t.type(networkProblem(text), 'string', `'${text}'`);
  }
  t.equal(networkProblem('10.0.0.0/8'), undefined);
  t.throws(() => parseNetworks(['10.0.0.0/8', 'one', 'two']), { code: 'ERR_CONFIG', message: /one.*two/ });
  t.throws(() => parseNetworks(['one']), PortholeError);
});

t.test('every address lies in its own networks, of every size', async () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) =>
      parseNetworks([`${address}/${String(prefix)}`]).contains(address),
    ),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, prefix) => {
      fc.pre(plainAddress(address) === address);
      return parseNetworks([`${address}/${String(prefix)}`]).contains(address);
    }),
  );
});

t.test('writes addresses as people do', async (t) => {
  t.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(plainAddress('::FFFF:192.0.2.1'), '192.0.2.1');
  t.equal(plainAddress('fe80::1%eth0'), 'fe80::1');
  t.equal(plainAddress('192.0.2.1'), '192.0.2.1');
  t.equal(plainAddress('::ffff:999.0.2.1'), '::ffff:999.0.2.1');
});
