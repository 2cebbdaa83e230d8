import fc from 'fast-check';
import type { Test } from 'tap';
import t from 'tap';
import type { ForwardOptions } from '../../core/options.ts';
import { optionNames, parseOptionWords } from '../../core/options.ts';

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

t.test('options that are allowed', (t) => {
  const cases: [string[], ForwardOptions][] = [
    [[], {}],
    [['access=public'], { access: 'public' }],
    [['access=private'], { access: 'private' }],
    [['access=team'], { access: 'team' }],
    [['scheme=http'], { scheme: 'http' }],
    [['scheme=https'], { scheme: 'https' }],
    [['scheme=h2c'], { scheme: 'h2c' }],
    [['scheme=tcp'], { scheme: 'tcp' }],
    [['ttl=2h'], { ttlMs: 7_200_000 }],
    [['ttl=1s'], { ttlMs: 1000 }],
    [['ttl=1000ms'], { ttlMs: 1000 }],
    [['ttl=365d'], { ttlMs: 31_536_000_000 }],
    [['balance=true'], { balance: true }],
    [['balance=false'], { balance: false }],
    [['from=192.0.2.7'], { from: '192.0.2.7' }],
    [['from=192.0.2.99/24,2001:DB8::/32'], { from: '192.0.2.0/24,2001:db8::/32' }],
    [['robots=index'], { robots: 'index' }],
    [['robots=noindex'], { robots: 'noindex' }],
    [[`meta=${encode({ service: 'web', port: 3000 })}`], { meta: { service: 'web', port: 3000 } }],
    [['meta=e30='], { meta: {} }],
    [
      ['access=team', 'host=keep', 'ttl=5m', 'balance=true'],
      { access: 'team', host: 'keep', ttlMs: 300_000, balance: true },
    ],
  ];
  for (const [words, value] of cases) t.same(parseOptionWords(words), { ok: true, value }, words.join(' '));
  t.end();
});

t.test('hosts that are allowed', (t) => {
  const hosts = [
    ...[
      'keep',
      'localhost',
      'localhost:3000',
      'app.test',
      'App.Test:8080',
      'my_app',
      '127.0.0.1:80',
      '[::1]',
      '[::1]:3000',
    ],
    ...[`${'a'.repeat(63)}.test`],
  ];
  for (const host of hosts) t.same(parseOptionWords([`host=${host}`]), { ok: true, value: { host } }, host);
  t.end();
});

t.test('hosts that are not', (t) => {
  const hosts = [
    ...[
      '',
      ':3000',
      'localhost:',
      'localhost:0',
      'localhost:65536',
      'localhost:080',
      'a b',
      'a/b',
      'http://a',
      'a..b',
      '.a',
    ],
    ...[
      '-a',
      'a-',
      '::1',
      '[::1',
      '[::1]x',
      '[localhost]',
      '[fe80::1%eth0]',
      'a@b',
      'a\r\nX: y',
      'ü.test',
      `${'a'.repeat(64)}.test`,
    ],
    ...['a.'.repeat(127) + 'aa'],
  ];
  for (const host of hosts) refused(t, [`host=${host}`], 'host');
  t.end();
});

t.test('other values that are not, each with the option that is wrong', (t) => {
  const deep = encode({ filler: 'x'.repeat(4096) });
  const words = [
    ...[
      'access=',
      'access=secret',
      'access=Public',
      'access=public ',
      'access=toString',
      'scheme=ftp',
      'scheme=',
    ],
    ...[
      'ttl=2',
      'ttl=0s',
      'ttl=999ms',
      'ttl=366d',
      'ttl=-1h',
      'ttl=',
      'ttl=forever',
      'balance=yes',
      'balance=1',
      'balance=',
      'from=',
      'from=example.com',
      'from=192.0.2.0/33',
      'from=192.0.2.1,,192.0.2.2',
      'robots=all',
      'robots=',
    ],
    ...[
      'meta=',
      'meta={}',
      'meta=!!',
      `meta=${encode([1])}`,
      `meta=${encode('null')}`,
      `meta=${encode('{"a":')}`,
    ],
    ...[`meta=${encode('"text"')}`, `meta=${deep}`, 'meta=eyJhIjoi_yJ9'],
  ];
  for (const word of words) refused(t, [word], word.split('=')[0] ?? '');
  t.end();
});

t.test('options that do not exist, have no value or come twice', (t) => {
  for (const word of [
    'acess=public',
    'ACCESS=public',
    '=public',
    '',
    '__proto__=x',
    'constructor=x',
    'inject=e30',
  ]) {
    const parsed = refused(t, [word], word.split('=')[0] ?? '');
    for (const name of optionNames) t.match(parsed, name, `${word}: says that there is ${name}`);
  }
  refused(t, ['access'], 'access');
  refused(t, ['access=public', 'access=public'], 'access');
  refused(t, ['ttl=1h', 'access=public', 'ttl=2h'], 'ttl');
  t.end();
});

t.test('meta of exactly 4 KiB is the largest', (t) => {
  const meta = (bytes: number): string => `meta=${encode({ a: 'x'.repeat(bytes - 8) })}`;
  t.equal(parseOptionWords([meta(4096)]).ok, true);
  t.equal(parseOptionWords([meta(4097)]).ok, false);
  t.end();
});

t.test('a __proto__ in meta stays data', (t) => {
  const parsed = parseOptionWords([`meta=${encode('{"__proto__":{"admin":true}}')}`]);
  t.equal(parsed.ok && parsed.value.meta?.['admin'], undefined);
  t.equal(({} as Record<string, unknown>)['admin'], undefined);
  t.end();
});

t.test('any words give options or a printable problem', (t) => {
  const names = fc.constantFrom(...optionNames, 'foo', '');
  const words = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(names, fc.string({ unit: 'binary' })).map((pair) => pair.join('=')),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 4 }), (list) => {
      const parsed = parseOptionWords(list);
      return parsed.ok || /^[\x20-\x7e]+$/.test(parsed.problem);
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('what is written is what is read', (t) => {
  const options = fc.record(
    {
      access: fc.constantFrom('public', 'private', 'team'),
      scheme: fc.constantFrom('http', 'https', 'h2c', 'tcp'),
      ttlMs: fc.integer({ min: 1000, max: 31_536_000_000 }),
      meta: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.string(),
        { maxKeys: 3 },
      ),
      balance: fc.boolean(),
      from: fc.constantFrom('192.0.2.0/24', '192.0.2.7,2001:db8::/32'),
      robots: fc.constantFrom('index', 'noindex'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(options, (value) => {
      const words = Object.entries(value).map(([key, field]) => {
        if (typeof field === 'object') return `${key}=${encode(field)}`;
        return key === 'ttlMs' ? `ttl=${String(field)}ms` : `${key}=${String(field)}`;
      });
      t.same(parseOptionWords(words), { ok: true, value });
    }),
  );
  t.end();
});

function refused(t: Test, words: string[], name: string): string {
  const parsed = parseOptionWords(words);
  const problem = parsed.ok ? '' : parsed.problem;
  t.equal(parsed.ok, false, `${words.join(' ')} is refused`);
  t.ok(problem.includes(name), `${words.join(' ')}: names the option: ${problem}`);
  return problem;
}
