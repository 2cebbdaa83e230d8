import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { WebSocket } from 'ws';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import type { TestScope } from '../support/scope.ts';
import { open, visitorOptions } from '../support/visitor.ts';

const team = await PreviewTeam.start(t);
const { gateway } = team;

/** Server-sent events, begun. */
async function openEvents(
  t: TestScope,
  label: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const answer = await open(gateway, team.url(label, '/events'), { headers });
  answer.on('error', () => undefined);
  t.teardown(() => answer.destroy());
  if (answer.statusCode !== 200) throw new Error(`it was answered with ${String(answer.statusCode)}`);
  await once(answer, 'data');
  return answer;
}

async function openSocket(t: TestScope, label: string, cookie: string): Promise<WebSocket> {
  const host = `${label}.${team.domain}`;
  const { ca, servername, port } = visitorOptions(gateway, host);
  const headers = { host: `${host}:${String(port)}`, cookie, origin: team.url(label).slice(0, -1) };
  const socket = new WebSocket(`wss://127.0.0.1:${String(port)}/`, { ca, servername, headers } as object);
  t.teardown(() => {
    socket.terminate();
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

async function newToken(env: string): Promise<{ id: string; token: string }> {
  return (await team.told('bob', ['token', 'create', env])) as { id: string; token: string };
}

/** Broken off, so that nobody takes it for complete. */
async function cutOff(answer: IncomingMessage): Promise<void> {
  if (!answer.closed) await new Promise<void>((resolve) => void answer.once('close', resolve));
  if (answer.complete) throw new Error('it ended as if it were whole');
}

t.test('a token that is revoked ends what goes on with it, and nothing else', async (t) => {
  const { web } = await team.offer('bob', 'pr-1');
  const [one, other] = [await newToken('pr-1'), await newToken('pr-1')];
  const ended = await openEvents(t, 'web--pr-1', { authorization: `Bearer ${one.token}` });
  const upload = open(gateway, team.url('web--pr-1', '/echo'), {
    method: 'POST',
    headers: { 'porthole-token': one.token, 'content-length': '1000' },
    body: 'begun',
  }).catch((error: unknown) => error);
  const kept = await openEvents(t, 'web--pr-1', { 'porthole-token': other.token });
  await team.told('bob', ['token', 'revoke', one.id]);
  await cutOff(ended);
  t.ok((await upload) instanceof Error);
  t.notOk(kept.closed);
  const line = await gateway.line(({ msg }) => msg === 'access withdrawn');
  t.match(line, { env: 'pr-1', via: 'token' });
  t.notMatch(JSON.stringify(gateway.lines), /pht_/);
  t.notMatch(JSON.stringify(web.seen), /pht_/, 'the app was told of none');
});

t.test('a key that is withdrawn ends what its holder has open', async (t) => {
  const { web } = await team.offer('bob', 'pr-2', '?access=team');
  const browser = new CurlBrowser(t, gateway);
  const { url } = (await team.told('ana', ['login'])) as { url: string };
  await browser.submit(await browser.go(url), team.url(''));
  t.match(await browser.go(team.url('web--pr-2')), { status: 200 });
  const socket = await openSocket(t, 'web--pr-2', browser.cookiesOf(`web--pr-2.${team.domain}`));
  const closed = once(socket, 'close');
  team.withdraw('ana');
  await closed;
  await gateway.line(
    ({ msg, env, via }) => msg === 'access withdrawn' && env === 'pr-2' && via === 'session',
  );
  while (web.sockets.clients.size > 0) await once([...web.sockets.clients][0]!, 'close');
  t.match(await browser.go(team.url('web--pr-2', '/echo')), { status: 401 });
});

t.test('what was public and has become private is closed to strangers', async (t) => {
  const before = await team.offer('bob', 'pr-3', '?access=public');
  const events = await openEvents(t, 'web--pr-3');
  await team.offer('bob', 'pr-3', '?access=private');
  await cutOff(events);
  await gateway.line(({ msg, env, via }) => msg === 'access withdrawn' && env === 'pr-3' && via === 'public');
  before.ssh.kill();
});

t.test('the log tells by what each came in', async (t) => {
  const entry = await gateway.line(
    ({ msg, via, path }) => msg === 'request' && via === 'session' && path === '/',
  );
  t.match(entry, { env: 'pr-2', service: 'web', status: 200 });
  t.match(await gateway.line(({ msg, via }) => msg === 'request' && via === 'token'), { aborted: true });
});
