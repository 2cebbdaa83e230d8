import fc from 'fast-check';
import t from 'tap';
import { defaultServer, formatServer, parseServer } from '../../client/server-url.ts';

t.test('the forms of --server', async (t) => {
  const cases: Readonly<Record<string, readonly [string, string, number]>> = {
    'https://gw.example.com': ['tls', 'gw.example.com', 443],
    'https://gw.example.com/': ['tls', 'gw.example.com', 443],
    'HTTPS://GW.example.com:8443': ['tls', 'gw.example.com', 8443],
    'tls://gw.example.com:8443': ['tls', 'gw.example.com', 8443],
    'ssh://gw.example.com': ['tcp', 'gw.example.com', 22],
    'ssh://gw.example.com:443': ['tcp', 'gw.example.com', 443],
    'gw.example.com': ['tls', 'gw.example.com', 443],
    'gw.example.com:8443': ['tls', 'gw.example.com', 8443],
    'localhost:8443': ['tls', 'localhost', 8443],
    'my_host:1': ['tls', 'my_host', 1],
    '10.0.0.1:8443': ['tls', '10.0.0.1', 8443],
    'https://[::1]:8443': ['tls', '::1', 8443],
    '[2001:db8::1]': ['tls', '2001:db8::1', 443],
    'https://bücher.example': ['tls', 'xn--bcher-kva.example', 443],
  };
  for (const [text, [transport, host, port]] of Object.entries(cases)) {
    t.same(parseServer(text), { ok: true, value: { transport, host, port } }, text);
  }
  t.ok(parseServer(defaultServer).ok);
});

t.test('everything else is refused, with the reason', async (t) => {
  const wrong = [
    '',
    ' ',
    'gopher://x',
    'http://x',
    'https://',
    'https://user@x',
    'ssh://user@x:22',
    'https://x/path',
    'https://x?a',
    'https://x#a',
    'x:0',
    'x:65536',
    'x:',
    'x:1:2',
    'x:08',
    '::1',
    'https://[::1',
    'https://[nonsense]',
    'https://[]',
    '-x',
    'a b',
    'x\n:1',
    'constructor://x',
  ];
  for (const text of wrong)
    t.match(parseServer(text), { ok: false, problem: /^server "/ }, JSON.stringify(text));
});

t.test('formatting reads back to the same', async () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().filter((ip) => !ip.includes('.')),
    fc.constant('localhost'),
  );
  const address = fc.record({
    transport: fc.constantFrom('tls' as const, 'tcp' as const),
    host,
    port: fc.integer({ min: 1, max: 65535 }),
  });
  fc.assert(
    fc.property(address, (server) => {
      const parsed = parseServer(formatServer(server));
      return (
        parsed.ok &&
        parsed.value.port === server.port &&
        parsed.value.transport === server.transport &&
        formatServer(parsed.value) === formatServer({ ...server, host: parsed.value.host })
      );
    }),
  );
});

t.test('never throws', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseServer(text).ok === 'boolean'));
});
