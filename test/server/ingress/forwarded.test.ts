import t from 'tap';
import { forwardedProto, readForwarded } from '../../../server/ingress/forwarded.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';

const context = {
  publicAddress: { protocol: 'https' as const, port: 8443 },
  isTrustedProxy: (address: string) => address.startsWith('10.'),
};

function head(...headers: string[]): RequestHead {
  const read = readRequestHead(
    {
      method: 'GET',
      target: '/',
      version: '1.1',
      rawHeaders: ['Host', 'a.test', ...headers],
      authority: undefined,
      hasBody: false,
    },
    { maxHeaderBytes: 32_768 },
  );
  if (!(read instanceof RequestHead)) throw new Error(read.reason);
  return read;
}

t.test('a visitor is believed nothing', async (t) => {
  const spoofed = head(
    'X-Forwarded-For',
    '1.2.3.4',
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Host',
    'evil.test',
    'Forwarded',
    'for=1.2.3.4',
  );
  t.same(readForwarded(spoofed, { address: '203.0.113.9', trusted: false }, context), {
    address: '203.0.113.9',
    chain: '203.0.113.9',
    proto: 'https',
    believed: [],
  });
});

t.test('a trusted proxy is believed, up to the first address that is no proxy', async (t) => {
  const cases: [string[], string, string][] = [
    [[], '10.0.0.1', '10.0.0.1'],
    [['X-Forwarded-For', '203.0.113.9'], '203.0.113.9', '203.0.113.9, 10.0.0.1'],
    [
      ['X-Forwarded-For', '6.6.6.6, 203.0.113.9, 10.0.0.2'],
      '203.0.113.9',
      '6.6.6.6, 203.0.113.9, 10.0.0.2, 10.0.0.1',
    ],
    [
      ['X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '203.0.113.9'],
      '203.0.113.9',
      '6.6.6.6, 203.0.113.9, 10.0.0.1',
    ],
    [['X-Forwarded-For', '10.0.0.3, 10.0.0.2'], '10.0.0.3', '10.0.0.3, 10.0.0.2, 10.0.0.1'],
    [['X-Forwarded-For', ' , ,'], '10.0.0.1', '10.0.0.1'],
  ];
  for (const [headers, address, chain] of cases) {
    const forwarded = readForwarded(head(...headers), { address: '10.0.0.1', trusted: true }, context);
    t.equal(forwarded.address, address, chain);
    t.equal(forwarded.chain, chain);
  }
  const { believed, proto } = readForwarded(
    head('X-Forwarded-Host', 'public.test', 'X-Forwarded-Proto', 'http'),
    { address: '10.0.0.1', trusted: true },
    context,
  );
  t.same(believed, ['X-Forwarded-Host', 'public.test']);
  t.equal(proto, 'http');
});

t.test('a chain is bounded', async (t) => {
  const long = Array.from({ length: 1000 }, (_, i) => `1.1.1.${i % 250}`).join(',');
  const { chain } = readForwarded(
    head('X-Forwarded-For', long),
    { address: '10.0.0.1', trusted: true },
    context,
  );
  t.equal(chain.split(', ').length, 33);
});

t.test('the protocol is the one of the first hop', async (t) => {
  t.equal(forwardedProto(head('X-Forwarded-Proto', 'HTTPS, http')), 'https');
  t.equal(forwardedProto(head('X-Forwarded-Proto', 'gopher')), undefined);
  t.equal(forwardedProto(head()), undefined);
});
