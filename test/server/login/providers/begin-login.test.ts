import t from 'tap';
import { stateHash } from '../../../../server/access/state-cookie.ts';
import { BeginLogin } from '../../../../server/login/providers/begin-login.ts';
import { readFlows } from '../../../../server/login/providers/flow-cookie.ts';
import { stateOfFlow } from '../../../../server/login/providers/login-flow.ts';
import { endpointCall } from '../../../support/endpoint-call.ts';
import { headersOf, startLogins } from './started-logins.ts';
import { plainSealer } from './plain-sealer.ts';

const handOver = new URLSearchParams({
  to: 'web--pr-42',
  return: '/a?b=c',
  state: stateHash('nonce'),
  share: 'abc.def',
}).toString();

t.test('sends the browser to the provider, and has it remember', async (t) => {
  const { logins, provider } = await startLogins(t);
  const begin = new BeginLogin(logins);
  t.match(begin, { path: '/_porthole/login/with', on: 'gateway', methods: ['GET'] });
  const answer = await begin.answer(endpointCall({ path: `${begin.path}?provider=test&${handOver}` }));
  const headers = headersOf(answer);
  t.match(headers, { status: 303, location: [new RegExp(`^${provider.url}/auth\\?`)] });
  const [location = ''] = headers['location'] as string[];
  t.notMatch(location, 'abc.def');
  t.notMatch(location, 'pr-42');
  const [cookie = ''] = headers['set-cookie'] as string[];
  const context = { host: 'preview.example.com', sealer: plainSealer, nowMs: Date.now() };
  const [flow, ...others] = readFlows(cookie.split(';', 1).join(''), context);
  if (flow === undefined) throw new Error('no flow is in the cookie');
  t.same(others, []);
  t.match(flow, { provider: 'test', query: handOver });
  t.equal(new URL(location).searchParams.get('state'), stateOfFlow(flow));
  t.notMatch(location, flow.verifier);

  const second = endpointCall({
    path: `${begin.path}?provider=test`,
    headers: { cookie: cookie.split(';', 1).join('') },
  });
  const [more = ''] = headersOf(await begin.answer(second))['set-cookie'] as string[];
  t.match(readFlows(more.split(';', 1).join(''), context), [{ query: '' }, { query: handOver }]);
});

t.test('another account can be asked for', async (t) => {
  const { logins } = await startLogins(t);
  const answer = await new BeginLogin(logins).answer(
    endpointCall({ path: '/_porthole/login/with?provider=test&another=1' }),
  );
  t.match(headersOf(answer), { location: [/prompt=login/] });
});

t.test('on another of its hosts it sends on to the one where people log in', async (t) => {
  const { logins } = await startLogins(t);
  const path = '/_porthole/login/with?provider=test';
  const answer = await new BeginLogin(logins).answer(endpointCall({ host: 'other.example.com', path }));
  t.match(headersOf(answer), { status: 303, location: [`https://preview.example.com${path}`] });
  t.notOk('set-cookie' in headersOf(answer));
});

t.test('what cannot be begun', async (t) => {
  const { logins, provider, lines } = await startLogins(t);
  const begin = new BeginLogin(logins);
  const ask = (query: string, accept = 'text/html') =>
    begin.answer(endpointCall({ path: `${begin.path}${query}`, headers: { accept } }));
  t.match(await ask(''), { kind: 'failure', code: 'ERR_BAD_REQUEST' });
  t.match(await ask('?provider=test&to=web--pr-1&return=//evil.com&state=x'), { code: 'ERR_BAD_REQUEST' });
  t.match(await ask('?provider=test&provider=test&to=web--pr-1'), { code: 'ERR_BAD_REQUEST' });
  t.match(headersOf(await ask(`?provider=gone&${handOver}`)), {
    status: 404,
    'porthole-error': ['ERR_NOT_FOUND'],
  });
  await provider.stop();
  const answer = await ask(`?provider=test&${handOver}`);
  t.match(headersOf(answer), {
    status: 503,
    'porthole-error': ['ERR_PROVIDER_UNAVAILABLE'],
    'retry-after': ['5'],
  });
  t.match(headersOf(answer).body, /href="\/_porthole\/login\/with\?provider=test&#38;to=web--pr-42/);
  t.match(headersOf(answer).body, /href="\/_porthole\/login\?to=web--pr-42/);
  t.match(
    lines.filter(({ level }) => level === 'error'),
    [{ msg: 'login provider unavailable', provider: 'test', reason: /ECONNREFUSED/ }],
  );
  t.match(await ask('?provider=test', '*/*'), { kind: 'failure', code: 'ERR_PROVIDER_UNAVAILABLE' });
});
