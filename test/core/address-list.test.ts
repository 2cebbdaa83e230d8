import fc from 'fast-check';
import t from 'tap';
import { inAddressList } from '../../core/address-list.ts';

t.test('addresses are in networks of their own family', async (t) => {
  const list = '192.0.2.0/24,198.51.100.7,2001:db8::/32';
  for (const address of [
    '192.0.2.200',
    '198.51.100.7',
    '2001:db8::7',
    '::ffff:192.0.2.1',
    '2001:db8::7%eth0',
  ])
    t.equal(inAddressList(list, address), true, address);
  for (const address of ['192.0.3.1', '198.51.100.8', '2001:db9::', 'somewhere', ''])
    t.equal(inAddressList(list, address), false, address);
  t.equal(inAddressList('0.0.0.0/0', '203.0.113.9'), true);
  t.equal(inAddressList('0.0.0.0/0', '2001:db8::1'), false);
});

t.test('what is no list of networks is told apart from one that does not fit', async (t) => {
  for (const list of [
    '',
    ',',
    '192.0.2.0/24,',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/x',
    '!192.0.2.1',
    '192.0.2.*',
    ' 192.0.2.1',
    '2001:db8::/129',
    'example.com',
  ])
    t.equal(inAddressList(list, '192.0.2.1'), undefined, list);
});

t.test('no list and no address make it throw', async () => {
  const characters = fc.string({
    unit: fc.constantFrom(...'0 1 2 3 4 5 6 7 8 9 a b c d e f . : / , %'.split(' ')),
  });
  fc.assert(
    fc.property(characters, characters, (list, address) =>
      ['boolean', 'undefined'].includes(typeof inAddressList(list, address)),
    ),
  );
});
