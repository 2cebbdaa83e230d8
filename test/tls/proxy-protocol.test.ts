import fc from 'fast-check';
import { isIPv6 } from 'node:net';
import t from 'tap';
import { maxProxyHeaderBytes, parseProxyHeader } from '../../tls/proxy-protocol.ts';
import { proxyV2 } from './proxy-header.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const v1 = (text: string): ReturnType<typeof parseProxyHeader> => parseProxyHeader(latin1(text));

t.test('version 1', async (t) => {
  const tcp4 = 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n';
  t.same(v1(`${tcp4}GET /`), {
    kind: 'header',
    version: 1,
    source: { address: '192.0.2.1', port: 56324 },
    consumed: tcp4.length,
  });
  t.match(v1('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n'), { source: { address: '2001:db8::1', port: 1 } });
  t.match(v1('PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n'), { source: { address: '192.0.2.1' } });
  t.match(v1('PROXY UNKNOWN\r\n'), { kind: 'header', source: undefined, consumed: 15 });
  t.match(v1('PROXY UNKNOWN anything at all\r\n'), { kind: 'header', source: undefined });
  for (const part of ['', 'P', 'PROXY', 'PROXY ', 'PROXY TCP4 192.0.2.1', tcp4.slice(0, -1)]) {
    t.equal(v1(part).kind, 'more', `'${part}'`);
  }
  const wrong = [
    'PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 01 443\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 -1 443\r\n',
    'PROXY TCP4 192.0.2.1  192.0.2.2 1 443\r\n',
    'PROXY TCP4 2001:db8::1 192.0.2.2 1 443\r\n',
    'PROXY TCP6 192.0.2.1 192.0.2.2 1 443\r\n',
    'PROXY UDP4 192.0.2.1 192.0.2.2 1 443\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'x'.repeat(107)}`,
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
  ];
  for (const text of wrong) t.equal(v1(text).kind, 'invalid', text);
});

t.test('version 2', async (t) => {
  const inet = proxyV2({ source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 56324, port: 443 });
  t.same(parseProxyHeader(Buffer.concat([inet, latin1('SSH-')])), {
    kind: 'header',
    version: 2,
    source: { address: '192.0.2.1', port: 56324 },
    consumed: 28,
  });
  const inet6 = proxyV2({ source: '2001:db8:0:0::1', destination: '::2', sourcePort: 1, port: 2 });
  t.match(parseProxyHeader(inet6), { source: { address: '2001:db8::1', port: 1 }, consumed: 52 });
  const mapped = proxyV2({ source: '::ffff:c000:201', destination: '::2', sourcePort: 1, port: 2 });
  t.match(parseProxyHeader(mapped), { source: { address: '192.0.2.1' } });
  const tlvs = proxyV2({
    source: '192.0.2.1',
    destination: '192.0.2.2',
    sourcePort: 1,
    port: 2,
    tlvBytes: 300,
  });
  t.match(parseProxyHeader(tlvs), { source: { address: '192.0.2.1' }, consumed: 328 });
  for (let end = 0; end < tlvs.length; end++) {
    t.equal(parseProxyHeader(tlvs.subarray(0, end)).kind, 'more', `${String(end)} bytes`);
  }
});

t.test('version 2 without an address', async (t) => {
  const cases = {
    'LOCAL without family': proxyV2({ command: 0x20, family: 0 }),
    'LOCAL with an address, which does not count': proxyV2({
      command: 0x20,
      source: '192.0.2.1',
      destination: '192.0.2.2',
      sourcePort: 1,
      port: 2,
    }),
    'LOCAL with a family that nobody knows': proxyV2({ command: 0x20, family: 0xf1 }),
    AF_UNIX: proxyV2({ family: 0x31, tlvBytes: 216 }),
    AF_UNSPEC: proxyV2({ family: 0 }),
    'AF_UNSPEC with TLVs': proxyV2({ family: 0, tlvBytes: 9 }),
  };
  for (const [name, header] of Object.entries(cases)) {
    t.match(parseProxyHeader(header), { kind: 'header', source: undefined, consumed: header.length }, name);
  }
});

t.test('version 2 that is not valid', async (t) => {
  const cases = {
    'an unknown version': proxyV2({ command: 0x31, family: 0x11, tlvBytes: 12 }),
    'an unknown command': proxyV2({ command: 0x22, family: 0x11, tlvBytes: 12 }),
    'an unknown family': proxyV2({ family: 0x41, tlvBytes: 12 }),
    'a datagram': proxyV2({ family: 0x12, tlvBytes: 12 }),
    'too short for IPv4': proxyV2({ family: 0x11, tlvBytes: 11 }),
    'too short for IPv6': proxyV2({ family: 0x21, tlvBytes: 35 }),
    'too short for AF_UNIX': proxyV2({ family: 0x31, tlvBytes: 215 }),
    'longer than anybody needs': proxyV2({ family: 0x11, tlvBytes: maxProxyHeaderBytes }),
  };
  for (const [name, header] of Object.entries(cases)) t.equal(parseProxyHeader(header).kind, 'invalid', name);
  const early = proxyV2({ command: 0x22 }).subarray(0, 13);
  t.equal(parseProxyHeader(early).kind, 'invalid', 'told as soon as it can be');
});

t.test('no header', async (t) => {
  for (const text of [
    'GET / HTTP/1.1',
    'POST /',
    'PRI *',
    'PROPFIND',
    'SSH-2.0',
    '\x16\x03\x01',
    '\r\nG',
    'x',
  ]) {
    t.equal(v1(text).kind, 'absent', text);
  }
});

const port = fc.integer({ min: 0, max: 65_535 });

t.test('reads back every IPv4 and IPv6 address', async () => {
  const endpoint = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
  fc.assert(
    fc.property(endpoint, port, port, ([source, destination], sourcePort, port) => {
      const family = isIPv6(source) ? 'TCP6' : 'TCP4';
      const text = ['PROXY', family, source, destination, String(sourcePort), String(port)].join(' ');
      fc.pre(text.length <= 105);
      const one = parseProxyHeader(latin1(`${text}\r\n`));
      const two = parseProxyHeader(proxyV2({ source, destination, sourcePort, port }));
      if (one.kind !== 'header' || two.kind !== 'header') return false;
      return sameAddress(one.source?.address, two.source?.address) && one.source?.port === two.source?.port;
    }),
  );
});

t.test('whatever comes, however it comes: one answer, within the bound, and no exception', async () => {
  const noise = fc.uint8Array({ maxLength: 40 });
  const opening = fc.oneof(
    noise,
    noise.map((rest) => Buffer.concat([latin1('PROXY '), rest, latin1('\r\n')])),
    noise.map((rest) => Buffer.concat([latin1('\r\n\r\n\0\r\nQUIT\n'), rest])),
    fc
      .tuple(fc.constantFrom(0x20, 0x21), fc.constantFrom(0, 0x11, 0x21, 0x31), fc.nat({ max: 300 }))
      .map(([command, family, tlvBytes]) => proxyV2({ command, family, tlvBytes })),
  );
  fc.assert(
    fc.property(opening, (bytes) => {
      const whole = Buffer.from(bytes);
      const answers = Array.from({ length: whole.length + 1 }, (_, end) =>
        parseProxyHeader(whole.subarray(0, end)),
      );
      const first = answers.findIndex(({ kind }) => kind !== 'more');
      const decided = JSON.stringify(answers[first]);
      return first === -1 || answers.slice(first).every((answer) => JSON.stringify(answer) === decided);
    }),
  );
  const filler = Buffer.alloc(maxProxyHeaderBytes, 0x20);
  fc.assert(
    fc.property(opening, (bytes) => parseProxyHeader(Buffer.concat([bytes, filler])).kind !== 'more'),
  );
});

function sameAddress(a = '', b = ''): boolean {
  const canonical = (text: string): string => (isIPv6(text) ? new URL(`http://[${text}]/`).hostname : text);
  return canonical(a) === canonical(b);
}
