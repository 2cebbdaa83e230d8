import fc from 'fast-check';
import t from 'tap';
import { type ForwardRequest, parseForward } from '../../core/forward.ts';
import { type GateAddress, meansForward, parseGateAddress } from '../../core/gate-address.ts';

const domain = 'preview.example.com';

function parsed(host: string, port: number): GateAddress | undefined {
  const result = parseGateAddress(host, port, { domain });
  return result.ok ? result.value : undefined;
}

function tcpip(bindAddr: string, bindPort: number): ForwardRequest {
  return { kind: 'tcpip', bindAddr, bindPort };
}

/** A forward as the gateway makes one of what was asked for. */
function offered(request: ForwardRequest) {
  const spec = parseForward(request);
  if (!spec.ok) throw new Error(spec.problem);
  return { route: { service: spec.value.service, port: spec.value.port }, request };
}

t.test('what addresses mean', async (t) => {
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const cases: [string, number, GateAddress][] = [
    ['pr-42', 22, { name: 'pr-42', service: 'ssh', port: 22 }],
    ['pr-42.', 22, { name: 'pr-42', service: 'ssh', port: 22 }],
    [uuid, 22, { name: uuid, service: 'ssh', port: 22 }],
    ['db.pr-42', 5432, { name: 'pr-42', service: 'db', port: 5432 }],
    [`db.${uuid}`, 5432, { name: uuid, service: 'db', port: 5432 }],
    ['pr-42', 8080, { name: 'pr-42', service: undefined, port: 8080 }],
    ['pr-42', 443, { name: 'pr-42', service: undefined, port: 443 }],
    ['pr-42.preview.example.com', 22, { name: 'pr-42', service: 'ssh', port: 22 }],
    ['PR-42.Preview.EXAMPLE.com.', 22, { name: 'PR-42', service: 'ssh', port: 22 }],
    ['db.pr-42.preview.example.com', 1, { name: 'pr-42', service: 'db', port: 1 }],
    ['Feature/Foo', 22, { name: 'Feature/Foo', service: 'ssh', port: 22 }],
    ['42', 22, { name: '42', service: 'ssh', port: 22 }],
    // Nobody resolves it, so it is a service of an environment that is called so.
    ['example.com', 80, { name: 'com', service: 'example', port: 80 }],
  ];
  for (const [host, port, address] of cases) t.same(parsed(host, port), address, host);
});

t.test('addresses of networks, and the gateway itself, mean nothing', async (t) => {
  const hosts = [
    ...['127.0.0.1', '127.1', '0.0.0.0', '169.254.169.254', '0177.0.0.1', '0x7f.0.0.1', '127.0.0.1.'],
    ...['::1', '[::1]', '::ffff:127.0.0.1', 'fe80::1%eth0', '[fd00::1]', '0x7f.1', '1.2.3.4.5'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'gateway', 'admin.preview.example.com'],
    ...['a.b.c', 'metadata.google.internal', 'preview.example.com', '.', '..', 'a..b', '.pr-42', ''],
    ...['pr 42', 'pr-42\n', 'pr\u0000', 'pr\u202e', 'x'.repeat(256)],
  ];
  for (const host of hosts) t.equal(parsed(host, 22), undefined, JSON.stringify(host));
  for (const port of [0, -1, 1.5, 65_536, 2 ** 32 - 1, NaN]) t.equal(parsed('pr-42', port), undefined);
});

t.test('the reason is one line, and nothing in it acts on a terminal', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer(), (host, port) => {
      const result = parseGateAddress(host, port, { domain });
      return result.ok || /^[\x20-\x7e]{1,300}$/.test(result.problem);
    }),
  );
  t.end();
});

t.test('a name is told with the service and the port that it was written with', async (t) => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9})?$/).filter((text) => {
    return parseGateAddress(text, 22, { domain }).ok;
  });
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(
      name,
      name,
      port,
      fc.constantFrom('', '.', `.${domain}`, `.${domain}.`),
      (env, service, at, end) => {
        t.same(parsed(`${service}.${env}${end}`, at), { name: env, service, port: at });
        t.same(parsed(`${env}${end}`, 22), { name: env, service: 'ssh', port: 22 });
      },
    ),
  );
});

t.test('which forward an address means', async (t) => {
  const ssh = offered(tcpip('ssh', 22));
  t.equal(meansForward({ port: 22 }, 'ssh', ssh), 'loosely');
  t.equal(meansForward({ port: 2222 }, 'ssh', ssh), undefined);
  t.equal(meansForward({ port: 22 }, 'web', ssh), undefined);
  t.equal(meansForward({ port: 2222 }, 'ssh', offered(tcpip('ssh', 2222))), 'exactly');
  t.equal(meansForward({ port: 22 }, 'ssh', offered(tcpip('ssh', 2222))), undefined);
  const db = offered(tcpip('db', 5432));
  t.equal(meansForward({ port: 5432 }, 'db', db), 'exactly');
  t.equal(meansForward({ port: 80 }, 'db', db), undefined);
  for (const port of [80, 443]) {
    t.equal(meansForward({ port }, 'web', offered(tcpip('web', 80))), 'loosely');
    t.equal(meansForward({ port }, undefined, offered(tcpip('', 443))), 'loosely');
    t.equal(meansForward({ port }, undefined, offered(tcpip('', 8080))), undefined);
  }
  t.equal(meansForward({ port: 22 }, 'web', offered(tcpip('web', 80))), undefined);
  t.equal(meansForward({ port: 8080 }, undefined, offered(tcpip('', 8080))), 'exactly');
});

t.test(
  'the form without a port means any port of a service, and no port of the default service',
  async (t) => {
    const db = offered({ kind: 'streamlocal', socketPath: '/db' });
    for (const port of [1, 80, 5432]) t.equal(meansForward({ port }, 'db', db), 'loosely');
    t.equal(
      meansForward({ port: 22 }, 'ssh', offered({ kind: 'streamlocal', socketPath: '/ssh' })),
      'loosely',
    );
    const whole = offered({ kind: 'streamlocal', socketPath: '/' });
    t.equal(meansForward({ port: 80 }, undefined, whole), 'loosely');
    t.equal(meansForward({ port: 5432 }, undefined, whole), undefined);
    const one = offered({ kind: 'streamlocal', socketPath: '/db/5432' });
    t.equal(meansForward({ port: 5432 }, 'db', one), 'exactly');
    t.equal(meansForward({ port: 5433 }, 'db', one), undefined);
  },
);
