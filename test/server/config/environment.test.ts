import fc from 'fast-check';
import t from 'tap';
import { readEnvironment } from '../../../server/config/environment.ts';
import { entries, variableOf } from '../../../server/config/keys.ts';

t.test('every key is a variable', async (t) => {
  for (const [field, key] of entries) {
    const variable = variableOf(key.name);
    const { given, problems } = readEnvironment({ [variable]: 'x' });
    t.same(given.get(field), { text: 'x', source: { kind: 'environment', name: variable } }, variable);
    t.same(problems, []);
  }
  t.equal(variableOf('max-startups-per-source'), 'PORTHOLE_MAX_STARTUPS_PER_SOURCE');
});

t.test('an unknown variable is a problem, and its value is not told', async (t) => {
  const { problems } = readEnvironment({ PORTHOLE_HODL: 'hunter2', PORTHOLE_TOKEN: 'hunter2' });
  t.same(problems, [
    'PORTHOLE_HODL: unknown variable (did you mean PORTHOLE_HOLD?)',
    'PORTHOLE_TOKEN: unknown variable',
  ]);
});

t.test("other programs' variables and empty ones are let be", async (t) => {
  const { given, problems, configFile } = readEnvironment({
    PATH: '/bin',
    HOLD: '1s',
    PORTHOLE: 'x',
    PORTHOLE_HOLD: '',
    PORTHOLE_CONFIG: '',
    PORTHOLE_UNSET: undefined,
    PORTHOLE_SERVER: 'https://gw',
    PORTHOLE_CA: 'ca.pem',
    PORTHOLE_ENV: 'pr-1',
    PORTHOLE_IDENTITY: 'id',
    PORTHOLE_CERTIFICATE: 'id-cert.pub',
  });
  t.equal(given.size, 0);
  t.same(problems, []);
  t.equal(configFile, undefined);
});

t.test('what Kubernetes and Docker set beside a service called porthole is let be', async (t) => {
  const linked = [
    'PORTHOLE_SERVICE_HOST',
    'PORTHOLE_SERVICE_PORT',
    'PORTHOLE_SERVICE_PORT_HTTPS',
    'PORTHOLE_PORT',
  ];
  linked.push(
    'PORTHOLE_PORT_443_TCP',
    'PORTHOLE_PORT_443_TCP_PROTO',
    'PORTHOLE_PORT_443_TCP_ADDR',
    'PORTHOLE_NAME',
  );
  const { problems } = readEnvironment(
    Object.fromEntries(linked.map((variable) => [variable, 'tcp://10.0.0.1:443'])),
  );
  t.same(problems, []);
});

t.test('the configuration file', async (t) => {
  t.equal(readEnvironment({ PORTHOLE_CONFIG: '/etc/p.toml' }).configFile, '/etc/p.toml');
});

t.test('each variable of ours is read, let be, or a problem', async () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z_]{1,20}$/), fc.string({ minLength: 1 }), (name, value) => {
      const { given, problems } = readEnvironment({ [`PORTHOLE_${name}`]: value });
      return given.size + problems.length <= 1;
    }),
  );
});
