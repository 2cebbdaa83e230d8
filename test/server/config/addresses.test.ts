import { isIP } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { domainName, listenAddress, network, publicUrl } from '../../../server/config/addresses.ts';
import type { Kind } from '../../../server/config/kinds.ts';

function read<T>(kind: Kind<T>, text: string): T | undefined {
  const parsed = kind.schema.safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

function problemOf(kind: Kind<unknown>, text: string): string {
  return kind.schema.safeParse(text).error?.issues[0]?.message ?? '';
}

t.test('addresses to listen on', async (t) => {
  const right: [string, string, number][] = [
    ['0.0.0.0:8443', '0.0.0.0', 8443],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::]:443', '::', 443],
    ['[::1]:65535', '::1', 65_535],
    [':443', '0.0.0.0', 443],
    ['*:443', '0.0.0.0', 443],
    ['LocalHost:22', 'localhost', 22],
    ['gw-1.example.com:443', 'gw-1.example.com', 443],
  ];
  for (const [text, host, port] of right) t.same(read(listenAddress, text), { host, port }, text);
  const wrong = [
    '',
    '443',
    'localhost',
    'localhost:',
    'localhost:x',
    'localhost:65536',
    '::1:443',
    '[::1]',
    '[::g]:1',
  ];
  wrong.push(
    '[127.0.0.1]:443',
    '300.1.1.1:443',
    'a b:443',
    'a..b:443',
    '-a:443',
    'http://localhost:443',
    '1.2.3.4:-1',
  );
  for (const text of wrong) t.equal(read(listenAddress, text), undefined, text);
});

t.test('an address is printed as it is read', async () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(hosts, fc.nat({ max: 65_535 }), (host, port) => {
      const text = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
      const address = read(listenAddress, text);
      if (address === undefined) return false;
      return listenAddress.print(address) === text.toLowerCase();
    }),
  );
});

t.test('no text makes an address that cannot be listened on', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const address = read(listenAddress, text);
      return address === undefined || (address.host !== '' && address.port >= 0 && address.port <= 65_535);
    }),
  );
});

t.test('domains', async (t) => {
  t.equal(read(domainName, 'localhost'), 'localhost');
  t.equal(read(domainName, 'Preview.Example.COM.'), 'preview.example.com');
  t.equal(read(domainName, 'xn--mnchen-3ya.de'), 'xn--mnchen-3ya.de');
  const wrong = [
    '',
    '.',
    'a..b',
    '-a.example.com',
    'a_b.example.com',
    'münchen.de',
    'example.com:443',
    '10.0.0.1',
  ];
  wrong.push(
    '::1',
    'https://example.com',
    '*.example.com',
    `${'a'.repeat(64)}.com`,
    'example.com/',
    'a b.com',
    '1.2.3.4.5',
  );
  for (const text of wrong) t.equal(read(domainName, text), undefined, text);
  t.match(problemOf(domainName, '*.example.com'), '"example.com"');
});

t.test('the longest label still fits before a domain', async (t) => {
  const label = 'a'.repeat(63);
  const longest = `${label}.${label}.${'a'.repeat(61)}`;
  t.equal(longest.length + 64, 253);
  t.equal(read(domainName, longest), longest);
  t.equal(read(domainName, `${longest}a`), undefined);
});

t.test('networks', async (t) => {
  for (const text of ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1']) t.equal(read(network, text), text);
  for (const text of [
    '',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/8/8',
  ]) {
    t.equal(read(network, text), undefined, text);
  }
});

t.test('the public URL is an origin', async (t) => {
  t.same(read(publicUrl, 'https://preview.example.com'), {
    protocol: 'https',
    hostname: 'preview.example.com',
    port: 443,
  });
  t.same(read(publicUrl, 'http://localhost:8080/'), { protocol: 'http', hostname: 'localhost', port: 8080 });
  const wrong = [
    '',
    'preview.example.com',
    'ftp://example.com',
    'https://',
    'https://example.com/a',
    'https://example.com?a',
  ];
  wrong.push('https://example.com/#a', 'https://example.com:99999', 'ssh://example.com');
  for (const text of wrong) t.equal(read(publicUrl, text), undefined, text);
});

t.test('a public URL is printed as it is read, and a password in one is not repeated', async (t) => {
  for (const text of [
    'https://a.example.com',
    'https://a.example.com:8443',
    'http://a.example.com',
    'http://a.example.com:443',
  ]) {
    const url = read(publicUrl, text);
    t.ok(url, text);
    if (url !== undefined) t.equal(publicUrl.print(url), text);
  }
  t.notMatch(problemOf(publicUrl, 'https://user:hunter2@example.com'), 'hunter2');
});
