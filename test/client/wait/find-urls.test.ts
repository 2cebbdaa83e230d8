import t, { type Test } from 'tap';
import { findUrls, type UrlQuestion } from '../../../client/wait/find-urls.ts';
import { gatewayAccess } from '../../../client/commands/gateway-flags.ts';
import { FakeGateway, type FakeGatewayOptions } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';
import { freePort } from '../local-servers.ts';

const now = '2026-01-01T00:00:00.000Z';

function environment(...services: object[]): string {
  return JSON.stringify({ env: 'pr-1', state: 'ready', since: now, lastSeen: now, services });
}

const web = { service: 'web', url: 'https://web--pr-1.x/', access: 'public', state: 'ready' };
const secret = {
  ...web,
  service: 'api',
  url: 'https://api--pr-1.x/',
  shareUrl: 'https://api--pr-1.x/?porthole-share=token',
};
const ssh = { ...web, service: 'ssh', url: 'https://ssh--pr-1.x/' };

async function ask(
  t: Test,
  server: string,
  changes: Partial<UrlQuestion> = {},
): Promise<{ question: UrlQuestion; truths: string[] }> {
  const user = new FakeSurroundings(t);
  user.addKey();
  const access = await gatewayAccess({ server, hostKey: fingerprints }, 'PR-1', user);
  if (!access.ok) throw new Error('no access');
  const truths: string[] = [];
  const question: UrlQuestion = {
    access: access.value,
    service: undefined,
    untilMs: performance.now() + 20_000,
    signal: new AbortController().signal,
    onTruth: ({ reason }) => truths.push(reason),
    ...changes,
  };
  return { question, truths };
}

const fingerprints: string[] = [];

async function gatewayWith(
  t: Test,
  options: FakeGatewayOptions,
): Promise<{ gateway: FakeGateway; server: string }> {
  const gateway = await FakeGateway.start(t, options);
  fingerprints.splice(0, fingerprints.length, gateway.fingerprint);
  return { gateway, server: `ssh://127.0.0.1:${gateway.port}` };
}

t.test('the URLs of all services but ssh, and what opens them', async (t) => {
  const { server } = await gatewayWith(t, { answers: { 'status pr-1': environment(web, secret, ssh) } });
  const { question } = await ask(t, server);
  const found = await findUrls(question);
  t.match(found, { kind: 'found', value: { env: 'pr-1', credentials: { 'porthole-share': 'token' } } });
  t.same(found.kind === 'found' && found.value.urls.map(String), [web.url, secret.url]);
});

t.test('one service, whether it is offered or not', async (t) => {
  const answers = {
    'status pr-1': environment(web),
    'tunnel-url api:8080': '{"api:8080":"https://api--8080--pr-1.x/"}',
  };
  const { server } = await gatewayWith(t, { answers });
  const { question } = await ask(t, server, { service: 'api:8080' });
  const found = await findUrls(question);
  t.same(found.kind === 'found' && found.value.urls.map(String), ['https://api--8080--pr-1.x/']);
});

t.test('an environment that is not there, until the time is over', async (t) => {
  const { server } = await gatewayWith(t, { answers: { 'status pr-1': 'no' } });
  const { question, truths } = await ask(t, server, { untilMs: performance.now() + 300 });
  t.match(await findUrls(question), { kind: 'not-ready', truth: { code: 'ERR_ENV_UNKNOWN' } });
  t.match(truths, [/no environment pr-1/]);
  t.equal(truths.length, 1);
});

t.test('a gateway that goes away is found again', async (t) => {
  const answers: Record<string, string> = { 'status pr-1': 'no' };
  const { gateway, server } = await gatewayWith(t, { answers });
  const { question, truths } = await ask(t, server);
  const finding = findUrls(question);
  const tunnel = await gateway.next();
  answers['status pr-1'] = environment(web);
  tunnel.socket.destroy();
  t.match(await finding, { kind: 'found' });
  t.ok(truths.length >= 1);
});

t.test('a gateway that is away, and one that refuses', async (t) => {
  const away = await ask(t, `ssh://127.0.0.1:${await freePort(t)}`, { untilMs: performance.now() + 50 });
  t.match(await findUrls(away.question), {
    kind: 'not-ready',
    truth: { code: 'UNREACHABLE', reason: /ECONNREFUSED/ },
  });
  const { server } = await gatewayWith(t, { admitted: [] });
  const refused = await ask(t, server);
  t.match(await findUrls(refused.question), { kind: 'failed', outcome: { kind: 'refused' } });
});
