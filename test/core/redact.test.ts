import fc from 'fast-check';
import t from 'tap';
import { redactLine } from '../../core/redact.ts';

function redacted(fields: unknown): unknown {
  return JSON.parse(redactLine(`${JSON.stringify(fields)}\n`));
}

t.test('a line without secrets is passed on as it is', (t) => {
  const line = '{"level":"info","msg":"forward added","env":"pr-42","tokens":3,"tokenId":"x"}\n';
  t.equal(redactLine(line), line);
  t.end();
});

t.test('secrets by key, at any depth and in any spelling', (t) => {
  const keys = [
    ...[
      'authorization',
      'Authorization',
      'cookie',
      'Set-Cookie',
      'proxy-authorization',
      'token',
      'secret',
      'password',
    ],
    ...[
      'privateKey',
      'private_key',
      'shareToken',
      'access_token',
      'clientSecret',
      'passphrase',
      'x-api-key',
      'porthole-share',
    ],
  ];
  for (const key of keys) {
    t.same(redacted({ a: 1, [key]: 'hunter2' }), { a: 1, [key]: '[redacted]' }, key);
    t.same(
      redacted({ req: { headers: { [key]: ['hunter2'] } } }),
      { req: { headers: { [key]: '[redacted]' } } },
      key,
    );
  }
  t.same(redacted({ list: [{ token: { inner: 'hunter2' } }] }), { list: [{ token: '[redacted]' }] });
  t.end();
});

t.test('whether there is one at all stays visible', (t) => {
  t.same(redacted({ token: null, password: true, secret: 'x' }), {
    token: null,
    password: true,
    secret: '[redacted]',
  });
  t.end();
});

t.test('raw headers, as Node lists them', (t) => {
  const rawHeaders = [
    'Host',
    'a.test',
    'Cookie',
    'hunter2',
    'Accept',
    '*/*',
    'authorization',
    'Bearer hunter2',
  ];
  const expected = ['Host', 'a.test', 'Cookie', '[redacted]', 'Accept', '*/*', 'authorization', '[redacted]'];
  t.same(redacted({ rawHeaders }), { rawHeaders: expected });
  t.end();
});

t.test('share links in any text', (t) => {
  const url = 'https://pr-42.preview.test/a?x=1&porthole-share=hunter2.abc_-~&y=2#top';
  const clean = 'https://pr-42.preview.test/a?x=1&porthole-share=[redacted]&y=2#top';
  t.same(redacted({ url, msg: `visit ${url} now` }), { url: clean, msg: `visit ${clean} now` });
  t.same(redacted({ path: '/?Porthole%2Dshare=hunter2' }), { path: '/?Porthole%2Dshare=[redacted]' });
  t.end();
});

t.test('tokens for programs in any text', (t) => {
  const token = 'pht_abcdefghij23.bmV2ZXItc2hvd24_LQ';
  t.same(redacted({ msg: `curl -H 'Porthole-Token: ${token}' (twice: ${token})` }), {
    msg: "curl -H 'Porthole-Token: [redacted]' (twice: [redacted])",
  });
  t.same(redacted({ path: '/?porthole-token=hunter2&y=2' }), { path: '/?porthole-token=[redacted]&y=2' });
  t.same(redacted({ return: '%2F%3Fporthole-share%3Dhunter2' }), {
    return: '%2F%3Fporthole-share%3D[redacted]',
  });
  t.end();
});

t.test('what the login pages hand over', (t) => {
  const cases = {
    '/_porthole/login/key?code=hunter2': '/_porthole/login/key?code=[redacted]',
    'to https://a.b/_porthole/session?code=hunter2&x=1, then':
      'to https://a.b/_porthole/session?code=[redacted]&x=1, then',
    '/_porthole/login?to=web--pr-1&return=%2F&state=hunter2&share=hunter2':
      '/_porthole/login?to=web--pr-1&return=%2F&state=[redacted]&share=[redacted]',
    '/_porthole/login/callback?code=hunter2&state=hunter2':
      '/_porthole/login/callback?code=[redacted]&state=[redacted]',
    'next=https%3A%2F%2Fa.b%2F_porthole%2Fsession%3Fcode%3Dhunter2':
      'next=https%3A%2F%2Fa.b%2F_porthole%2Fsession%3Fcode%3D[redacted]',
    '__Host-porthole_session=hunter2; own=1': '__Host-porthole_session=[redacted]; own=1',
  };
  for (const [text, clean] of Object.entries(cases)) t.same(redacted({ text }), { text: clean });
  const harmless = '/_porthole/wait?state=ready&timeout=60';
  t.same(redacted({ text: `${harmless} code=ERR_X` }), { text: `${harmless} code=ERR_X` });
  t.end();
});

t.test('private keys in any text', (t) => {
  const kinds = [
    'OPENSSH PRIVATE KEY',
    'RSA PRIVATE KEY',
    'PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'PGP PRIVATE KEY BLOCK',
  ];
  for (const kind of kinds) {
    const key = `-----BEGIN ${kind}-----\nhunter2\n-----END ${kind}-----`;
    t.same(redacted({ msg: `bad key: ${key} (line 3)` }), { msg: 'bad key: [redacted] (line 3)' }, kind);
  }
  t.same(redacted({ msg: '-----BEGIN PRIVATE KEY-----\nhunter2' }), { msg: '[redacted]' }, 'without its end');
  t.end();
});

t.test('signed tokens in any text', (t) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmEvYiJ9.c2ln_bmF0-dXJl';
  t.same(redacted({ msg: `Bearer ${token}, twice: ${token}` }), {
    msg: 'Bearer [redacted], twice: [redacted]',
  });
  const harmless = 'eyJ is how they begin; /web?meta=eyJhIjoxfQ is none, a.b.c is none';
  t.same(redacted({ msg: harmless }), { msg: harmless });
  t.end();
});

t.test('a line that cannot be read but looks like it has a secret is withheld', (t) => {
  const line = redactLine('{"token":"hunter2\n');
  t.notMatch(line, /hunter2/);
  t.match(JSON.parse(line), { level: 'error' });
  t.end();
});

t.test('no secret survives, wherever it is', (t) => {
  const secret = 'hunter2-7f3a';
  const keyed = fc.constantFrom('token', 'Cookie', 'sharedSecret').map((key) => ({ [key]: secret }));
  const nested = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      keyed,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(nested.tree, (tree) => !redactLine(`${JSON.stringify({ tree })}\n`).includes(secret)),
  );
  t.end();
});
