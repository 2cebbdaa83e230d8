import fc from 'fast-check';
import t from 'tap';
import { formatEngineAddress, parseEngineAddress } from '../../../client/docker/engine-address.ts';

const home = '/home/user';

t.test('without a word it is this machine, with or without root', (t) => {
  t.strictSame(parseEngineAddress(undefined, { env: { XDG_RUNTIME_DIR: '/run/user/1000' }, home }), {
    ok: true,
    value: {
      kind: 'socket',
      paths: ['/var/run/docker.sock', '/run/user/1000/docker.sock', '/home/user/.docker/run/docker.sock'],
    },
  });
  t.match(parseEngineAddress(undefined, { env: { DOCKER_HOST: '' }, home }), { value: { kind: 'socket' } });
  t.end();
});

t.test('the flag goes before the environment', (t) => {
  const env = { DOCKER_HOST: 'unix:///one.sock' };
  t.strictSame(parseEngineAddress(undefined, { env, home }), {
    ok: true,
    value: { kind: 'socket', paths: ['/one.sock'] },
  });
  t.strictSame(parseEngineAddress('unix:///two.sock', { env, home }), {
    ok: true,
    value: { kind: 'socket', paths: ['/two.sock'] },
  });
  t.end();
});

t.test('an engine behind TCP', (t) => {
  const cases: [string, Record<string, string>, object][] = [
    ['tcp://127.0.0.1:2375', {}, { host: '127.0.0.1', port: 2375, certDir: undefined }],
    ['tcp://engine', {}, { host: 'engine', port: 2375, certDir: undefined }],
    ['http://engine/', {}, { host: 'engine', port: 2375, certDir: undefined }],
    ['tcp://[::1]:1', {}, { host: '::1', port: 1, certDir: undefined }],
    [
      'tcp://engine',
      { DOCKER_TLS_VERIFY: '1' },
      { host: 'engine', port: 2376, certDir: '/home/user/.docker' },
    ],
    ['https://engine:1', { DOCKER_CERT_PATH: '/certs' }, { host: 'engine', port: 1, certDir: '/certs' }],
  ];
  for (const [text, env, value] of cases)
    t.strictSame(
      parseEngineAddress(text, { env, home }),
      { ok: true, value: { kind: 'tcp', ...value } },
      text,
    );
  t.equal(formatEngineAddress({ kind: 'tcp', host: 'engine', port: 1, certDir: undefined }), 'engine:1');
  t.end();
});

t.test('anything else is told', (t) => {
  const cases: [string, RegExp][] = [
    ['ssh://user@engine', /another machine/],
    ['unix://docker.sock', /absolute/],
    ['tcp://engine:0', /port/],
    ['tcp://engine:99999', /port/],
    ['tcp://user@engine', /unix:\/\/\/PATH/],
    ['/var/run/docker.sock', /unix:\/\/\/PATH/],
    ['nonsense', /unix:\/\/\/PATH/],
  ];
  for (const [text, reason] of cases) {
    const read = parseEngineAddress(text, { env: {}, home });
    t.match(read.ok ? '' : read.problem, reason, text);
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'tcp://', 'unix://'), (text, scheme) => {
      t.type(parseEngineAddress(scheme + text, { env: {}, home }).ok, 'boolean');
    }),
  );
  t.end();
});
