import t from 'tap';
import { commandNames } from '../../../core/commands.ts';
import { apiPath, partsOf, readApiRequest, type ApiRequest } from '../../../server/admin/api-request.ts';
import { endpointCall } from '../../support/endpoint-call.ts';
import { publicKey } from '../../support/public-keys.ts';

const get = (path: string): ApiRequest => readApiRequest(endpointCall({ path: `${apiPath}${path}` }));
const post = (path: string, body: unknown): ApiRequest =>
  readApiRequest(
    endpointCall({
      ...{ method: 'POST', path: `${apiPath}${path}` },
      headers: { contentType: 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    }),
  );

t.test('the words of a command are the path', (t) => {
  t.match(post('/env/release', { env: 'pr-42', force: true }), {
    kind: 'command',
    command: {
      spec: { name: 'env release' },
      call: { name: 'env release', values: { env: 'pr-42', force: true } },
    },
    input: undefined,
  });
  t.match(get('/audit?limit=7&principal=ana'), {
    command: { call: { name: 'audit', values: { limit: 7, principal: 'ana' } } },
  });
  t.match(get('/share/list'), { command: { call: { name: 'share list' } } });
  t.match(post('/share', { env: 'list' }), { command: { call: { name: 'share', values: { env: 'list' } } } });
  t.same(get(''), { kind: 'list' });
  t.same(get('?'), { kind: 'list' });
  t.end();
});

t.test('every command is found by its path', (t) => {
  for (const name of commandNames) {
    const read = post(`/${name.replaceAll(' ', '/')}`, {});
    t.not(read.kind === 'problem' && read.code, 'ERR_NOT_FOUND', name);
    t.not(read.kind === 'problem' && read.code, 'ERR_METHOD_REFUSED', name);
  }
  t.end();
});

t.test('other paths are not there, and other methods are named', (t) => {
  for (const path of [
    '/',
    '/key',
    '/key/list/',
    '/key%20list',
    '/key list',
    '/KEY/LIST',
    '//key/list',
    '/key/lst',
    '/__proto__',
    '/constructor',
  ])
    t.match(get(path), { kind: 'problem', code: 'ERR_NOT_FOUND', reason: /lists them/ }, path);
  t.match(get('/key/lst'), { reason: /did you mean key list/ });
  t.match(get('/env/release?env=pr-42'), { code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'POST'] });
  t.match(post('', {}), { code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'GET'] });
  t.end();
});

t.test('what is wrong is told by name', (t) => {
  const told = (request: ApiRequest): string =>
    request.kind === 'problem' && request.code === 'ERR_BAD_REQUEST' ? request.reason : '';
  t.match(told(post('/env/list?all=true', {})), /no query/);
  t.match(told(post('/env/list', [])), /JSON object/);
  t.match(told(post('/env/release', {})), /^env is missing/);
  t.match(told(post('/key/rename', { key: 'a', name: '*' })), /^name may have letters/);
  t.match(told(post('/share', { env: 'pr-42', ttl: '1s' })), /^ttl is too short/);
  t.match(told(get('/audit?limit=0')), /^limit takes a number from 1/);
  t.match(told(get('/audit?limt=1')), /"limt" is nothing .*did you mean limit/);
  t.end();
});

t.test('a body has the input that a command takes, and no other', (t) => {
  const told = (request: ApiRequest): string => (request.kind === 'problem' ? request.reason : '');
  const { line } = publicKey();
  t.match(post('/key/add', { 'public-key': line, name: 'ci' }), { kind: 'command', input: line });
  t.match(told(post('/key/add', { name: 'ci' })), /^public-key is missing/);
  t.match(post('/password/set', { env: 'pr-42', secret: 'correct horse' }), { input: 'correct horse' });
  t.match(post('/password/set', { env: 'pr-42', generate: true }), { kind: 'command', input: undefined });
  t.match(
    told(post('/password/set', { env: 'pr-42', generate: true, secret: 'correct horse' })),
    /^secret is given/,
  );
  t.match(told(post('/password/set', { env: 'pr-42' })), /^secret is missing/);
  t.end();
});

t.test('a path ends at its question mark', (t) => {
  t.same(partsOf('/a'), { path: '/a', query: '' });
  t.same(partsOf('/a?b=c?d'), { path: '/a', query: 'b=c?d' });
  t.end();
});
