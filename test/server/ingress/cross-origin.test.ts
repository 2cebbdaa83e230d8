import t from 'tap';
import { readableBy } from '../../../server/ingress/cross-origin.ts';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { goodCookie } from './fake-doorkeeper.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import { get } from './raw-client.ts';

t.test('the origin that asked, with credentials, and what it may read', async (t) => {
  t.same(readableBy('https://a.test'), [
    ...['Access-Control-Allow-Origin', 'https://a.test'],
    ...['Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Expose-Headers', 'Porthole-Error, Porthole-Error-Id, Retry-After, WWW-Authenticate'],
    ...['Vary', 'Origin'],
  ]);
});

t.test('a page of the same environment reads what the gateway says itself, whatever that is', async (t) => {
  const gateway = await startGateway(t);
  const route = { env: 'pr-1', service: 'api', port: undefined };
  const environment = environmentView({ access: 'private' });
  const offline: Resolution = { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 };
  const ask = (from: string, headers = '', host = 'api--pr-1.preview.test') =>
    get(t, gateway.port, host, { headers: `Origin: ${from}\r\nSec-Fetch-Mode: cors\r\n${headers}` });
  const own = 'https://web--pr-1.preview.test';
  const readable = {
    'access-control-allow-origin': own,
    'access-control-allow-credentials': 'true',
    vary: /Origin/,
  };
  t.match(await ask(own), { status: 401, headers: readable }, 'one that is not there');
  gateway.router.routes.set('api--pr-1', offline);
  t.match(await ask(own), { status: 401, headers: readable }, 'one that it may not see');
  t.match(await ask(own, goodCookie), { status: 503, headers: readable }, 'and what comes later');
  gateway.doorkeeper.rule = () => ({ kind: 'limited', retryAfterSeconds: 7 });
  t.match(await ask(own), { status: 429, headers: { ...readable, 'retry-after': '7' } });
  for (const from of ['https://web--pr-2.preview.test', 'https://evil.example', 'null', `${own}:8443`]) {
    const { headers } = await ask(from);
    t.notOk('access-control-allow-origin' in headers, from);
  }
});
