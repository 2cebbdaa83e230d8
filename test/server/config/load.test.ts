import fc from 'fast-check';
import t from 'tap';
import { entries, variableOf, type Config } from '../../../server/config/keys.ts';
import { load, type Loaded, type LoadInput } from '../../../server/config/load.ts';

function loadWith(input: Partial<LoadInput> & { toml?: string } = {}): Loaded {
  const { toml = '', ...rest } = input;
  return load({ argv: [], readFile: () => toml, ...rest, env: { HOME: '/home/a', ...rest.env } });
}

function configOf(input: Parameters<typeof loadWith>[0]): Config {
  const loaded = loadWith(input);
  if (!loaded.ok) throw new Error(loaded.problems.join('; '));
  return loaded.config;
}

function problemsOf(input: Parameters<typeof loadWith>[0]): readonly string[] {
  const loaded = loadWith(input);
  return loaded.ok ? [] : loaded.problems;
}

t.test('the defaults', async (t) => {
  t.same(configOf({}), {
    listen: [{ host: '0.0.0.0', port: 8443 }],
    sshListen: [],
    httpListen: [],
    metricsListen: undefined,
    domain: 'localhost',
    publicUrl: undefined,
    proxyProtocol: [],
    trustedProxies: [],
    stateDir: '/home/a/.local/state/porthole',
    tlsCert: undefined,
    tlsKey: undefined,
    authorizedKeys: undefined,
    admission: 'keys',
    access: 'private',
    claimTtlMs: 30 * 86_400_000,
    contact: 'an administrator of this gateway',
    userCa: [],
    certTtlMs: 24 * 3_600_000,
    unusedKeyAfterMs: 90 * 86_400_000,
    keyImportIntervalMs: 3_600_000,
    widestAccess: 'public',
    sessionTtlMs: 7 * 86_400_000,
    sessionKeyRotationMs: 30 * 86_400_000,
    shareTtlMs: 7 * 86_400_000,
    visitorNetworks: [],
    allowedOrigins: [],
    embedOrigins: [],
    logLevel: 'info',
    logFormat: 'json',
    auditRetentionMs: 365 * 86_400_000,
    holdMs: 10_000,
    graceMs: 30_000,
    keepaliveIntervalMs: 5000,
    keepaliveMisses: 3,
    sniffTimeoutMs: 5000,
    tlsHandshakeTimeoutMs: 10_000,
    loginGraceMs: 20_000,
    maxAuthTries: 6,
    maxStartups: 100,
    maxStartupsPerSource: 20,
    loginPenalties: 'on',
    penaltyExempt: [],
    maxForwards: 64,
    maxChannels: 1000,
    channelOpenTimeoutMs: 5000,
    gateAccess: 'members',
    gateIdleMs: 86_400_000,
    gateMaxSessionMs: 604_800_000,
    gateMaxSessions: 256,
    gateStartups: 8,
    gateCertTtlMs: 600_000,
    headerTimeoutMs: 10_000,
    maxHeaderBytes: 32_768,
    responseTimeoutMs: 60_000,
    idleTimeoutMs: 300_000,
    streamIdleTimeoutMs: 3_600_000,
    maxHeld: 256,
    maxRequests: 512,
  });
});

t.test('defaults that depend on where it runs', async (t) => {
  t.equal(configOf({ env: { XDG_STATE_HOME: '/state' } }).stateDir, '/state/porthole');
  t.equal(configOf({ env: { XDG_STATE_HOME: 'relative' } }).stateDir, '/home/a/.local/state/porthole');
  t.equal(configOf({ env: { XDG_STATE_HOME: '' } }).stateDir, '/home/a/.local/state/porthole');
  t.match(configOf({ env: { HOME: '' } }).stateDir, /^\/.*porthole$/);
  t.equal(configOf({ isTerminal: true }).logFormat, 'pretty');
  t.equal(configOf({ isTerminal: true, argv: ['--log-format=json'] }).logFormat, 'json');
});

t.test('file, environment and flags, each stronger than the one before', async (t) => {
  const toml = 'hold = "1s"\ngrace = "1s"\ndomain = "a.example.com"\nlisten = [":1", ":2"]';
  const env = { PORTHOLE_CONFIG: '/etc/p.toml', PORTHOLE_HOLD: '2s', PORTHOLE_GRACE: '2s' };
  const loaded = loadWith({ toml, env, argv: ['--hold', '3s', '--listen', ':3'] });
  t.match(loaded, {
    ok: true,
    config: { holdMs: 3000, graceMs: 2000, domain: 'a.example.com', maxForwards: 64 },
    sources: {
      holdMs: { kind: 'flag', name: '--hold' },
      graceMs: { kind: 'environment', name: 'PORTHOLE_GRACE' },
      domain: { kind: 'file', name: '/etc/p.toml:domain' },
      maxForwards: { kind: 'default', name: 'default' },
      tlsCert: { kind: 'default', name: 'default' },
    },
  });
  t.same(loaded.ok && loaded.config.listen, [{ host: '0.0.0.0', port: 3 }], 'a list replaces a list');
});

t.test('--config wins over PORTHOLE_CONFIG', async (t) => {
  const asked: string[] = [];
  const readFile = (path: string): string => {
    asked.push(path);
    return '';
  };
  loadWith({ readFile, env: { PORTHOLE_CONFIG: '/variable' }, argv: ['--config', '/flag'] });
  loadWith({ readFile, env: { PORTHOLE_CONFIG: '/variable' } });
  loadWith({ readFile });
  t.same(asked, ['/flag', '/variable']);
});

t.test('lists in a variable are divided by commas', async (t) => {
  const { proxyProtocol, listen } = configOf({
    env: { PORTHOLE_PROXY_PROTOCOL: '10.0.0.0/8, fd00::/8,', PORTHOLE_LISTEN: '[::1]:1,:2' },
  });
  t.same(proxyProtocol, ['10.0.0.0/8', 'fd00::/8']);
  t.same(listen, [
    { host: '::1', port: 1 },
    { host: '0.0.0.0', port: 2 },
  ]);
});

t.test('all problems are told at once, each with its source', async (t) => {
  const toml = 'hold = 10\nhodl = 1\ndomain = ["a", "b"]\nlisten = ["x", "y"]';
  const env = { PORTHOLE_ADMISSION: 'closed', PORTHOLE_NONSENSE: '1', PORTHOLE_TLS_CERT: 'c.pem' };
  const argv = [
    '--config=/etc/p.toml',
    '--max-forwards',
    'many',
    '--nonsense',
    '--proxy-protocol=10.0.0.0/99',
  ];
  const problems = problemsOf({ toml, env, argv });
  const expected = [
    '/etc/p.toml:hodl: unknown key',
    '/etc/p.toml:hold: "10" is not a duration',
    '/etc/p.toml:domain: takes one value',
    '/etc/p.toml:listen: "x" is not HOST:PORT',
    '/etc/p.toml:listen: "y" is not HOST:PORT',
    'PORTHOLE_NONSENSE: unknown variable',
    'PORTHOLE_ADMISSION: "closed" is not one of keys, open',
    '--nonsense: unknown flag',
    '--max-forwards: "many" is not a whole number',
    '--proxy-protocol: ',
    'PORTHOLE_TLS_CERT: needs tls-key',
  ];
  t.equal(problems.length, expected.length);
  for (const start of expected)
    t.ok(
      problems.some((problem) => problem.startsWith(start)),
      start,
    );
});

t.test('a value that is overridden must be valid all the same', async (t) => {
  t.match(problemsOf({ env: { PORTHOLE_HOLD: 'x' }, argv: ['--hold=1s'] }), [/^PORTHOLE_HOLD: /]);
});

t.test('a missing file is a problem', async (t) => {
  const readFile = (): string => {
    throw new Error('ENOENT');
  };
  t.match(problemsOf({ readFile, argv: ['--config=/nowhere'] }), [/^\/nowhere: cannot be read/]);
});

t.test('the configuration cannot be changed', async (t) => {
  t.ok(Object.isFrozen(configOf({})));
});

t.test('a text means the same as flag, variable and in the file', async (t) => {
  const samples: Readonly<Record<string, string>> = {
    'HOST:PORT': '127.0.0.1:7',
    NAME: 'p.example.com',
    CIDR: '10.0.0.0/8',
    ORIGIN: 'https://app.example.com',
    DIR: '/state',
    FILE: '/file',
    DURATION: '7d',
    SIZE: '7KiB',
    N: '7',
    'true|false': 'true',
  };
  for (const [field, key] of entries.filter(([field]) => field !== 'publicUrl')) {
    const text = samples[key.placeholder] ?? key.placeholder.split('|').at(-1) ?? '';
    const pair = { tlsCert: '--tls-key=k', tlsKey: '--tls-cert=c' };
    const beside = field in pair ? [pair[field as keyof typeof pair]] : [];
    const value = (input: Parameters<typeof loadWith>[0]): unknown =>
      configOf({ ...input, argv: [...(input?.argv ?? []), ...beside] })[field];
    const asFlag = value({ argv: [`--${key.name}=${text}`] });
    t.not(asFlag, undefined, key.name);
    t.same(value({ env: { [variableOf(key.name)]: text } }), asFlag, variableOf(key.name));
    t.same(
      value({ argv: ['--config=f'], toml: `${key.name} = ${JSON.stringify(text)}` }),
      asFlag,
      `${key.name} =`,
    );
  }
});

t.test('no input breaks it: either all values or problems', async () => {
  const flag = fc.constantFrom(...entries.map(([, key]) => `--${key.name}`));
  const word = fc.oneof(
    flag,
    fc.string(),
    fc.tuple(flag, fc.string()).map((parts) => parts.join('=')),
  );
  const variable = fc.constantFrom(...entries.map(([, key]) => variableOf(key.name)));
  fc.assert(
    fc.property(fc.array(word), fc.dictionary(variable, fc.string()), (argv, env) => {
      const loaded = loadWith({ argv, env });
      return loaded.ok ? Object.keys(loaded.config).length === entries.length : loaded.problems.length > 0;
    }),
  );
});
