import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { loginAllowance, loginEndpoint } from '../../../server/login/login-path.ts';
import { redirectTo } from '../../../server/login/going-on.ts';
import { endpointCall } from '../../support/endpoint-call.ts';
import { loginOrigin, loginSetting } from '../../support/login-setting.ts';

const form = { contentType: 'application/x-www-form-urlencoded', origin: loginOrigin };

t.test('whatever fails becomes an answer, and only what nobody expected is logged', async (t) => {
  const { context, logLines } = await loginSetting(t);
  const failing = (error: Error) => {
    const path = { path: '/x', get: () => Promise.reject(error) };
    return loginEndpoint(path, context, loginAllowance()).answer(endpointCall());
  };
  t.match(await failing(new PortholeError('ERR_STORE_UNAVAILABLE')), {
    code: 'ERR_STORE_UNAVAILABLE',
    page: true,
  });
  t.same(logLines, []);
  t.match(await failing(new Error('a secret')), { code: 'ERR_INTERNAL', page: true });
  t.match(logLines, [{ level: 'error', requestId: 'r-1' }]);
});

t.test('a form goes to its path, with its fields', async (t) => {
  const { context } = await loginSetting(t);
  const path = {
    path: '/x',
    get: () => redirectTo('/got'),
    post: (_call: unknown, fields: ReadonlyMap<string, string>) =>
      Promise.resolve(redirectTo(`/${fields.get('a') ?? ''}`)),
  };
  const endpoint = loginEndpoint(path, context, loginAllowance());
  t.same(endpoint.methods, ['GET', 'POST']);
  const post = await endpoint.answer(
    endpointCall({ method: 'POST', headers: form, body: Buffer.from('a=b+c') }),
  );
  t.match(post, { answer: { headers: ['Content-Type', String, 'Content-Length', String] } });
  t.ok(post.kind === 'answer' && post.answer.headers.includes('/b c'));
  const refused = await endpoint.answer(
    endpointCall({ method: 'POST', headers: form, body: Buffer.from('a') }),
  );
  t.match(refused, { code: 'ERR_BAD_REQUEST' });
  const { post: _post, ...readOnly } = path;
  t.same(loginEndpoint(readOnly, context, loginAllowance()).methods, ['GET']);
});

t.test('what one source asks for is bounded', async (t) => {
  const { context } = await loginSetting(t);
  const endpoint = loginEndpoint({ path: '/x', get: () => redirectTo('/') }, context, loginAllowance());
  const left = Array.from({ length: 200 }, () => endpoint.enter('192.0.2.1')).filter(
    (leave) => leave !== undefined,
  );
  t.equal(left.length, 128);
  t.ok(endpoint.enter('192.0.2.2'));
  for (const leave of left) leave();
  t.ok(endpoint.enter('192.0.2.1'));
});
