// Whatever is sent to the API, it is told what is wrong with it, does nothing, and goes on.
import t from 'tap';
import { askApi, type ApiAnswer } from '../support/api.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { visit } from '../support/visitor.ts';

const team = await PreviewTeam.start(t);
const token = (await team.command('root', 'api-token')).stdout.trim();
const bearer = { authorization: `Bearer ${token}` };

function post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<ApiAnswer> {
  const all = { ...bearer, 'content-type': 'application/json', ...headers };
  return askApi(team, path, { method: 'POST', headers: all, body });
}
const refused = (status: number, code: string, message: RegExp) => ({ status, json: { code, message } });
const bad = (message: RegExp) => refused(400, 'ERR_BAD_REQUEST', message);

t.test('bodies that are none', async (t) => {
  for (const [body, message] of [
    ['', /body is needed/],
    ['nonsense', /JSON object/],
    ['[]', /JSON object/],
    ['null', /JSON object/],
    ['{"env": "pr-1"', /JSON object/],
    ['{"env": "pr-1"} {}', /JSON object/],
    ['['.repeat(60_000), /JSON object/],
    [`{"env":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, /^env takes a text/],
    [`{"env":${'{"env":'.repeat(8000)}1${'}'.repeat(8000)}}`, /^env takes a text/],
    [Buffer.from('7b22656e76223a22ff227d', 'hex'), /UTF-8/],
    ['{"env": "\\ud800"}', /half of a character/],
    ['{"env": "a\\u0000b"}', /^env has control characters/],
  ] as const)
    t.match(await post('/env/release', body), bad(message), body.toString().slice(0, 30));
  t.match(
    await post('/env/release', `{"env": "${'x'.repeat(70_000)}"}`),
    refused(413, 'ERR_BODY_TOO_LARGE', /./),
  );
});

t.test('members that are wrong', async (t) => {
  for (const [path, body, message] of [
    ['/env/release', '{"env": "a", "env": "b"}', /^"env" is given twice/],
    ['/env/release', '{"env": "a", "\\u0065nv": "b"}', /^"env" is given twice/],
    ['/env/release', '{"env": "a", "__proto__": {"force": true}}', /^"__proto__" is nothing/],
    ['/env/release', '{"env": "a", "constructor": {"prototype": {}}}', /^"constructor" is nothing/],
    ['/env/release', '{"env": ["a"]}', /^env takes a text/],
    ['/env/release', '{"env": {"toString": "a"}}', /^env takes a text/],
    ['/env/release', '{"env": 1e999}', /^env takes a text/],
    ['/env/release', '{"env": "a", "force": "true"}', /^force takes true or false/],
    ['/env/release', '{}', /^env is missing/],
    ['/key/add', '{"file": "/etc/passwd"}', /^"file" is nothing/],
    ['/key/add', '{"public-key": ["x"]}', /^public-key takes a text/],
    ['/key/import', '{"source": "github:x", "env": []}', /^env takes a list of texts with at least one/],
    ['/audit', '{"limit": 1.5}', /^limit takes a whole number/],
    ['/env/list', '{"json": true}', /it takes all$/],
  ] as const)
    t.match(await post(path, body), bad(message), body);
  const secret = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA';
  const leaked = await post('/env/release', JSON.stringify({ env: secret }));
  t.match(leaked, bad(/private key/));
  t.notMatch(JSON.stringify([leaked, team.gateway.lines]), secret);
  t.match(await post('/key/add', JSON.stringify({ 'public-key': secret })), {
    status: 422,
    json: { message: /private key/i },
  });
});

t.test('other types than JSON, other places than the body, other methods', async (t) => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
  ])
    t.match(
      await post('/env/list', '{}', { 'content-type': type }),
      bad(/Content-Type: application\/json/),
      type,
    );
  t.match(await post('/env/list?all=true', '{}'), bad(/no query/));
  t.match(
    await askApi(team, '/env/list?all=true&all=true', { headers: bearer }),
    bad(/"all" is given twice/),
  );
  t.match(await askApi(team, '/env/list?all=%ff', { headers: bearer }), bad(/UTF-8/));
  t.match(await askApi(team, '/env/list', { headers: bearer, method: 'GET', body: '{}' }), { status: 400 });
  for (const method of ['OPTIONS', 'PUT', 'DELETE', 'PATCH'])
    t.match(
      await askApi(team, '/env/list', { headers: { ...bearer, origin: 'https://evil.test' }, method }),
      {
        ...{ status: 405, heads: /^allow: get, post$/m },
      },
      method,
    );
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
    origin: 'https://evil.test',
  };
  const { status, heads } = await askApi(team, '/env/list', { method: 'OPTIONS', headers: preflight });
  t.equal(status, 405);
  t.notMatch(heads, /access-control/);
  t.match(await askApi(team, '/env/list', { method: 'HEAD', headers: bearer }), {
    status: 200,
    heads: /^content-type: application\/json/m,
  });
});

t.test('no path is a command but that of one', async (t) => {
  for (const path of [
    '/',
    '/env',
    '/env/list/',
    '/env%2flist',
    '/env%20list',
    '/ENV/LIST',
    '/__proto__',
    '/env/list/x',
  ])
    t.match(
      await askApi(team, path, { headers: bearer }),
      { status: 404, json: { code: 'ERR_NOT_FOUND' } },
      path,
    );
});

t.test('a token in the address is refused, and wrong ones are counted', async (t) => {
  t.match(await askApi(team, `/env/list?access_token=${token}`), bad(/address/));
  t.match(await askApi(team, `/env/list?porthole-token=${token}`, { headers: bearer }), bad(/address/));
  t.match(await askApi(team, '/env/list', { headers: { 'porthole-token': token } }), { status: 401 });
  const tamper = `${token.slice(0, -3)}${token.endsWith('AAA') ? 'BBB' : 'AAA'}`;
  for (const shown of [
    'Bearer x',
    'Basic eDp5',
    'Bearer',
    `Bearer ${tamper}`,
    `Bearer ${token}, Bearer ${token}`,
  ])
    t.match(
      await askApi(team, '/env/list', { headers: { authorization: shown } }),
      { status: 401 },
      shown.slice(0, 12),
    );
  const statuses: number[] = [];
  for (let count = 0; count < 8; count += 1)
    statuses.push(
      (await askApi(team, '/env/list', { headers: { authorization: `Bearer pha_${String(count)}` } })).status,
    );
  t.ok(statuses.includes(429), statuses.join(' '));
  t.match(
    await askApi(team, '/env/list', { headers: bearer }),
    { status: 200 },
    'who has a good one is not kept waiting',
  );
});

t.test('plain HTTP gets nowhere, and the hosts of environments have no API', async (t) => {
  const answer = await visit(team.gateway, team.url('pr-1', '/_porthole/api/env/list'), { headers: bearer });
  t.not(answer.status, 200);
  t.notMatch(answer.body, /"value"/);
});
