import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import {
  answer,
  failed,
  notAllowed,
  wrongUsage,
  type Answer,
  type Handlers,
} from '../../../server/admin/answer.ts';
import type { ApiCallers } from '../../../server/admin/api-callers.ts';
import { HttpApi } from '../../../server/admin/http-api.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { EndpointAnswer, EndpointCall } from '../../../server/pages/own-endpoint.ts';
import { adminSetting, identityOf } from '../../support/admin-setting.ts';
import { endpointCall } from '../../support/endpoint-call.ts';
import { createLog } from '../../support/log-lines.ts';
import { publicKey } from '../../support/public-keys.ts';

function setting(handlers: Partial<Handlers> = {}, as: Partial<Identity> = {}) {
  const admin = adminSetting({ handlers });
  const { log, lines } = createLog();
  const via = { kind: 'api-token', id: 'abc', until: 9e15 } as const;
  const callers = {
    callerOf: ({ address }: EndpointCall) => ({
      kind: 'caller',
      caller: () => ({ ok: true, value: { identity: identityOf(as), address, via } }),
    }),
  } as unknown as ApiCallers;
  const api = new HttpApi({ admin: admin.admin, callers, log, clock: () => 0 });
  const post = (path: string, body: unknown = {}, accept?: string): Promise<EndpointAnswer> =>
    api.answer(
      endpointCall({
        ...{ method: 'POST', path: `/_porthole/api${path}`, body: Buffer.from(JSON.stringify(body)) },
        headers: { contentType: 'application/json', accept },
      }),
    );
  const get = (path: string, accept?: string): Promise<EndpointAnswer> =>
    api.answer(endpointCall({ path: `/_porthole/api${path}`, headers: { accept } }));
  return { ...admin, api, post, get, lines };
}

function told(answer: EndpointAnswer): {
  status: number;
  type: string | undefined;
  headers: string[];
  body: unknown;
} {
  if (answer.kind !== 'answer') throw new Error(JSON.stringify(answer));
  const { status, headers, body } = answer.answer;
  const type = headers[headers.indexOf('Content-Type') + 1];
  const text = body.toString();
  return { status, type, headers, body: type?.includes('json') === true ? JSON.parse(text) : text };
}

t.test('a command is given, and its value is told as it is told over SSH', async (t) => {
  const { run, post, get, keys } = setting();
  const added = told(await post('/key/add', { 'public-key': publicKey().line, name: 'ci', role: 'member' }));
  t.match(added, {
    status: 200,
    type: /^application\/json/,
    body: { value: { name: 'ci', role: 'member' }, notes: [] },
  });
  t.match([...keys.all()], [{ name: 'ci' }]);
  const { stdout } = await run('key list --json');
  const value: unknown = JSON.parse(stdout[0] ?? '');
  t.same(told(await get('/key/list')).body, { value, notes: [] });
  t.same(told(await post('/key/list')).body, { value, notes: [] });
});

t.test('nobody keeps an answer, and no other page gets at it', async (t) => {
  const { headers } = told(await setting().get('/key/list'));
  const field = (name: string): string | undefined => headers[headers.indexOf(name) + 1];
  t.equal(field('Cache-Control'), 'no-store');
  t.equal(field('X-Content-Type-Options'), 'nosniff');
  t.equal(field('Cross-Origin-Resource-Policy'), 'same-origin');
  t.notOk(headers.some((name) => name.startsWith('Access-Control')));
});

t.test('notes come along; as text there are only the lines', async (t) => {
  const cert = () => Promise.resolve(answer({ a: 1 }, ['one', 'two\u001b[31m'], ['a note']));
  const { post } = setting({ cert });
  t.same(told(await post('/cert')).body, { value: { a: 1 }, notes: ['a note'] });
  t.match(told(await post('/cert', {}, 'text/plain')), {
    type: /^text\/plain/,
    body: 'one\ntwo\\u001b[31m\n',
  });
  t.match(told(await post('/cert', {}, '*/*')), { type: /json/ });
});

t.test('what went wrong has the code that fits', async (t) => {
  const store = () => Promise.reject(new PortholeError('ERR_STORE_UNAVAILABLE', { message: 'full' }));
  const cases: readonly [() => Promise<Answer>, object][] = [
    [() => Promise.resolve(failed('no')), { code: 'ERR_COMMAND_FAILED', reason: 'no' }],
    [() => Promise.resolve(wrongUsage('no')), { code: 'ERR_BAD_REQUEST', reason: 'no' }],
    [() => Promise.resolve(notAllowed('no')), { code: 'ERR_NOT_AUTHORISED', reason: 'no' }],
    [store, { code: 'ERR_STORE_UNAVAILABLE', reason: 'full' }],
    [() => Promise.reject(new Error('secret')), { code: 'ERR_INTERNAL', reason: /^something went wrong/ }],
  ];
  for (const [cert, expected] of cases)
    t.match(await setting({ cert }).post('/cert'), { kind: 'failure', ...expected });
  t.match(await setting().post('/key/lst'), { kind: 'failure', code: 'ERR_NOT_FOUND' });
  t.match(await setting().get('/cert'), { code: 'ERR_METHOD_REFUSED', headers: ['Allow', 'POST'] });
});

t.test(
  'the role decides as it does over SSH, and a refusal is noted with what stood for the key',
  async (t) => {
    const { post, refused } = setting({}, { role: 'machine' });
    t.match(await post('/key/imports'), { code: 'ERR_NOT_AUTHORISED', reason: /for administrators/ });
    t.match(refused, [
      { action: 'key.imports', result: 'refused', address: '192.0.2.1', detail: { via: 'api-token abc' } },
    ]);
  },
);

t.test('the commands are listed', async (t) => {
  const { body } = told(await setting().get(''));
  t.match(body, {
    value: { commands: [{ name: 'key add', path: '/_porthole/api/key/add', methods: ['POST'] }] },
  });
});

t.test('a token in the address is refused before anything else', async (t) => {
  const { get, post } = setting();
  for (const path of [
    '?access_token=pha_abcdefgh.x',
    '/key/list?porthole-token=pha_abcdefgh',
    '/key/pha_abcdefgh.x',
  ])
    t.match(await get(path), { code: 'ERR_BAD_REQUEST', reason: /address/ }, path);
  t.match(await post('/key/list?x=pha_abcdefgh'), { reason: /address/ });
  t.match(await get('/key/list?principal=alpha_abcdefgh'), { kind: 'answer' });
});

t.test('who is refused gets no further', async (t) => {
  const failure = { kind: 'failure', code: 'ERR_LOGIN_REQUIRED' };
  const { admin } = adminSetting();
  const { log } = createLog();
  const callers = { callerOf: () => failure } as unknown as ApiCallers;
  const api = new HttpApi({ admin, callers, log });
  for (const path of ['', '/key/list', '/nothing'])
    t.same(await api.answer(endpointCall({ path: `/_porthole/api${path}` })), failure);
  api.enter('192.0.2.1')?.();
});

t.test('what breaks is told as that, and logged', async (t) => {
  const { admin } = adminSetting();
  const { log, lines } = createLog();
  const callers = {
    callerOf: () => {
      throw new Error('broken');
    },
  } as unknown as ApiCallers;
  const api = new HttpApi({ admin, callers, log });
  t.same(await api.answer(endpointCall()), { kind: 'failure', code: 'ERR_INTERNAL' });
  t.match(lines, [{ level: 'error', requestId: 'r-1' }]);
});

t.test('a source asks for so much at once', (t) => {
  const { api } = setting();
  const leave = Array.from({ length: 32 }, () => api.enter('192.0.2.1'));
  t.notOk(leave.includes(undefined));
  t.equal(api.enter('192.0.2.1'), undefined);
  t.ok(api.enter('192.0.2.2'));
  leave[0]?.();
  t.ok(api.enter('192.0.2.1'));
  t.end();
});
