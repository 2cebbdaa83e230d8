import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  findTokenSource,
  getToken,
  type TokenFlags,
  type TokenSource,
} from '../../../client/oidc/ci-token.ts';
import { startApp } from '../../support/web-app.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const audience = 'https://gw.test';
const github = {
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.test/token?x=1',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer',
};

function find(flags: TokenFlags, env: Record<string, string>): TokenSource | string {
  const found = findTokenSource(flags, env, audience);
  return found.ok ? found.value : found.problem;
}

const get = (source: TokenSource) =>
  getToken(source, { audience, trust: undefined, signal: new AbortController().signal });

t.test('what was named comes first, then the variable, then GitHub', async (t) => {
  const env = { ...github, PORTHOLE_ID_TOKEN: ' usual \n', MINE: 'mine' };
  t.match(find({ oidcTokenFile: '/f', oidcTokenEnv: 'MINE' }, env), { kind: 'file', path: '/f' });
  t.match(find({ oidcTokenEnv: 'MINE' }, env), { kind: 'variable', token: 'mine' });
  t.match(find({}, env), { kind: 'variable', name: 'PORTHOLE_ID_TOKEN', token: 'usual' });
  t.match(find({}, github), { kind: 'github', bearer: 'bearer' });
  t.match(find({}, { ...github, PORTHOLE_ID_TOKEN: '' }), { kind: 'github' });
});

t.test('what is missing is told in the words of the CI system', async (t) => {
  t.match(find({}, {}), /no ID token here/);
  t.match(find({}, { GITHUB_ACTIONS: 'true' }), /permissions: id-token: write/);
  t.match(find({}, { GITLAB_CI: 'true' }), /id_tokens: PORTHOLE_ID_TOKEN: aud: https:\/\/gw\.test/);
  t.match(find({ oidcTokenEnv: 'MINE' }, github), /the variable MINE holds no token/);
});

t.test("GitHub's secret goes nowhere without TLS", async (t) => {
  for (const url of ['http://github.test/', 'http://localhost.evil.test/', 'ftp://x/', 'nonsense'])
    t.match(find({}, { ...github, ACTIONS_ID_TOKEN_REQUEST_URL: url }), /not an https address/);
});

t.test('GitHub is asked for a token for the gateway', async (t) => {
  const seen: unknown[] = [];
  let answer: [number, string] = [200, '{"value":"the token"}'];
  const { port } = await startApp(t, (request, response) => {
    seen.push([request.url, request.headers.authorization]);
    response.writeHead(answer[0]).end(answer[1]);
  });
  const source: TokenSource = {
    kind: 'github',
    url: new URL(`http://127.0.0.1:${port}/t?api=2`),
    bearer: 'b',
  };
  t.same(await get(source), { kind: 'token', token: 'the token' });
  t.same(seen, [['/t?api=2&audience=https%3A%2F%2Fgw.test', 'bearer b']]);
  const failures: [number, string, string][] = [
    [500, '', 'lost'],
    [429, '', 'lost'],
    [403, '', 'refused'],
    [200, 'nonsense', 'refused'],
    [200, '{"value":""}', 'refused'],
  ];
  for (const [status, body, kind] of failures) {
    answer = [status, body];
    t.match(await get(source), { kind, reason: `GitHub gave no ID token: it answered ${String(status)}` });
  }
  t.match(await get({ ...source, url: new URL('http://127.0.0.1:1/') }), { kind: 'lost' });
});

t.test('a file is read anew each time', async (t) => {
  const path = join(scratchDir(t), 'token');
  const source: TokenSource = { kind: 'file', path };
  t.match(await get(source), { kind: 'refused', reason: /cannot read .*ENOENT/ });
  for (const text of ['one', ' two\n']) {
    writeFileSync(path, text);
    t.same(await get(source), { kind: 'token', token: text.trim() });
  }
  for (const text of ['', 'x'.repeat(70_000)]) {
    writeFileSync(path, text);
    t.match(await get(source), { kind: 'refused', reason: /there is no token in/ });
  }
  t.same(await get({ kind: 'variable', name: 'X', token: 'y' }), { kind: 'token', token: 'y' });
});
