import fc from 'fast-check';
import t from 'tap';
import { load, type Loaded } from '../../../server/config/load.ts';
import { printConfig } from '../../../server/config/print.ts';

function loadWith(argv: readonly string[], toml = ''): Loaded & { ok: true } {
  const loaded = load({ argv, env: { HOME: '/home/a' }, readFile: () => toml });
  if (!loaded.ok) throw new Error(loaded.problems.join('; '));
  return loaded;
}

t.test('shows every value with its source', async (t) => {
  const { config, sources } = loadWith(['--hold=5s', '--config=/etc/p.toml'], 'max-forwards = 8');
  const lines = printConfig(config, sources).split('\n');
  t.ok(lines.some((line) => /^hold = "5s" +# --hold$/.test(line)));
  t.ok(lines.some((line) => /^max-forwards = 8 +# \/etc\/p\.toml:max-forwards$/.test(line)));
  t.ok(lines.some((line) => /^listen = \["0\.0\.0\.0:8443"\] +# default$/.test(line)));
  t.ok(lines.includes('# tls-key is not set'));
});

t.test('is a file that gives the same values', async (t) => {
  const duration = fc.nat({ max: 10_000_000 }).map((ms) => `${ms + 1}ms`);
  const path = fc
    .string({ minLength: 1, unit: 'binary' })
    .filter((text) => !/[\0\r\n]|-----BEGIN/.test(text));
  const argv = fc.record({
    hold: duration,
    'idle-timeout': duration,
    'max-header': fc.integer({ min: 1024, max: 65_536 }).map(String),
    'max-held': fc.nat({ max: 1000 }).map(String),
    'state-dir': path,
    'authorized-keys': path,
    listen: fc.constantFrom(':1', '[::1]:2,127.0.0.1:0', 'localhost:3'),
    'proxy-protocol': fc.constantFrom('10.0.0.0/8', '::1,fd00::/8', '192.0.2.1'),
    'public-url': fc.constantFrom('https://localhost', 'http://localhost:8080'),
  });
  fc.assert(
    fc.property(argv, (values) => {
      const { config, sources } = loadWith(Object.entries(values).map(([name, text]) => `--${name}=${text}`));
      const again = loadWith(['--config=printed'], printConfig(config, sources));
      t.same(again.config, config);
    }),
    { numRuns: 50 },
  );
});

t.test('the name of a source cannot begin a line of its own', async (t) => {
  const { config, sources } = loadWith(['--config=a\nlisten = []'], 'hold = "5s"');
  t.notMatch(printConfig(config, sources), /^listen = \[\]:hold/m);
});
