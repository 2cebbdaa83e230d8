import fc from 'fast-check';
import t from 'tap';
import { parseImportSource } from '../../../server/identity/import-source.ts';

const good: readonly [text: string, name: string, url: string, label: string][] = [
  ['github:ana', 'github:ana', 'https://github.com/ana.keys', 'github'],
  ['GitHub:Ana-B', 'github:ana-b', 'https://github.com/ana-b.keys', 'github'],
  ['github:ana.keys', 'github:ana', 'https://github.com/ana.keys', 'github'],
  ['gitlab:Ana_B.c', 'gitlab:ana_b.c', 'https://gitlab.com/ana_b.c.keys', 'gitlab'],
  ['https://github.com/Ana', 'github:ana', 'https://github.com/ana.keys', 'github'],
  ['https://github.com/ana.keys', 'github:ana', 'https://github.com/ana.keys', 'github'],
  ['https://github.com:443/ana/', 'github:ana', 'https://github.com/ana.keys', 'github'],
  [
    'https://git.example.com/a.keys.keys',
    'git.example.com:a',
    'https://git.example.com/a.keys',
    'git-example-com',
  ],
  ['github:12345', 'github:12345', 'https://github.com/12345.keys', 'github'],
  ['git.example.com:Ana', 'git.example.com:Ana', 'https://git.example.com/Ana.keys', 'git-example-com'],
  ['GIT.example.com:Ana', 'git.example.com:Ana', 'https://git.example.com/Ana.keys', 'git-example-com'],
  [
    'https://git.example.com/Ana',
    'git.example.com:Ana',
    'https://git.example.com/Ana.keys',
    'git-example-com',
  ],
  [
    'https://git.example.com/123',
    'https://git.example.com/123',
    'https://git.example.com/123.keys',
    'git-example-com',
  ],
  ['https://meta.sr.ht/~ana.keys', 'meta.sr.ht:~ana', 'https://meta.sr.ht/~ana.keys', 'meta-sr-ht'],
  [
    'https://example.com/git/ana',
    'https://example.com/git/ana',
    'https://example.com/git/ana.keys',
    'example-com',
  ],
  [
    'https://git.example.com:8443/ana',
    'https://git.example.com:8443/ana',
    'https://git.example.com:8443/ana.keys',
    'git-example-com',
  ],
  ['https://gitea/ana', 'https://gitea/ana', 'https://gitea/ana.keys', 'gitea'],
  ['https://10.0.0.7/ana', 'https://10.0.0.7/ana', 'https://10.0.0.7/ana.keys', '10-0-0-7'],
  ['http://localhost:3000/ana', 'http://localhost:3000/ana', 'http://localhost:3000/ana.keys', 'localhost'],
  ['http://127.0.0.1:3000/ana', 'http://127.0.0.1:3000/ana', 'http://127.0.0.1:3000/ana.keys', '127-0-0-1'],
  ['http://[::1]:3000/ana', 'http://[::1]:3000/ana', 'http://[::1]:3000/ana.keys', '1'],
];

for (const [text, name, url, label] of good) {
  t.test(text, async (t) => {
    t.match(parseImportSource(text), { ok: true, value: { name, url, label } });
    t.same(parseImportSource(name), parseImportSource(text), 'its name reads back to the same');
  });
}

t.test('the account is the principal, where its name can be one', async (t) => {
  const principals: readonly (readonly [string, string | undefined])[] = [
    ['github:Ana', 'github:ana'],
    ['https://git.example.com/ana', 'git.example.com:ana'],
    ['https://example.com:8443/git/ana', 'example.com:8443:git:ana'],
    ['http://localhost:3000/ana', 'localhost:3000:ana'],
    ['https://meta.sr.ht/~ana', undefined],
  ];
  for (const [text, principal] of principals) {
    const read = parseImportSource(text);
    t.equal(read.ok && read.value.principal, principal, text);
  }
});

const bad: readonly (readonly [text: string, why: RegExp])[] = [
  ['', /github:USER/],
  ['ana', /github:USER/],
  ['@ana', /github:USER/],
  ['github:', /github:USER/],
  ['github:../admin', /github:USER/],
  ['github:a..b', /not the name of a user/],
  ['github:ana/keys', /github:USER/],
  ['github:ana b', /not the name of a user/],
  ['bitbucket:ana', /github:USER/],
  ['git.example.com:8443', /looks like a host and its port/],
  ['github.com/ana', /github:USER/],
  ['https://github.com', /names no user/],
  ['https://github.com/', /names no user/],
  ['https://github.com/.keys', /names no user/],
  ['https://github.com/ana?x=1', /ends with the user/],
  ['https://github.com/ana#x', /ends with the user/],
  ['https://github.com//ana', /names no user/],
  ['https://github.com/%2e%2e/ana%0a', /names no user/],
  ['https:\\\\github.com\\ana', /not a URL/],
  ['https://', /not a URL/],
  ['https://exa mple.com/ana', /not a URL/],
  ['http://github.com/ana', /https only/],
  ['http://10.0.0.7/ana', /https only/],
  ['http://127.0.0.1.example.com/ana', /https only/],
  ['http://localhost.example.com/ana', /https only/],
  ['ftp://github.com/ana', /github:USER/],
  ['file:///etc/passwd', /github:USER/],
  ['github:ana\n', /./],
  [`https://example.com/${'a'.repeat(300)}`, /at most/],
];

for (const [text, why] of bad) {
  t.test(`refused: ${JSON.stringify(text.slice(0, 60))}`, async (t) => {
    const read = parseImportSource(text);
    t.equal(read.ok, false);
    t.match(!read.ok && read.problem, why);
  });
}

t.test('a password in a URL is refused, and not repeated', async (t) => {
  for (const text of [
    'https://ana:s3cret@example.com/ana',
    'https://s3cret@example.com/ana',
    'https:s3cret@example.com/ana',
  ]) {
    const read = parseImportSource(text);
    t.equal(read.ok, false, text);
    t.notMatch(!read.ok && read.problem, /s3cret/);
  }
});

t.test(
  'whatever is taken has a name that reads back, and is fetched by https or from this machine',
  async () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_.~@:/?#%[\]-]{0,20}$/);
    const text = fc.oneof(
      fc
        .tuple(fc.constantFrom('github', 'gitlab', 'git.example.com', 'gitea'), part)
        .map((words) => words.join(':')),
      fc
        .tuple(fc.constantFrom('https://', 'http://', 'https:/'), part, part)
        .map(([a, b, c]) => `${a}${b}/${c}`),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (text) => {
        const read = parseImportSource(text);
        if (!read.ok) return read.problem.length > 0;
        const { name, url } = read.value;
        const again = parseImportSource(name);
        const parsed = new URL(url);
        const local = /^(?:localhost|.*\.localhost|127\..*|\[::1\])$/.test(parsed.hostname);
        return (
          again.ok &&
          again.value.name === name &&
          again.value.url === url &&
          parsed.href === url &&
          parsed.username === '' &&
          parsed.search === '' &&
          parsed.pathname.endsWith('.keys') &&
          (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && local))
        );
      }),
      { numRuns: 3000 },
    );
  },
);
