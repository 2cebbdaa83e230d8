import type { RequestListener } from 'node:http';
import t, { type Test } from 'tap';
import { takeCredentials, waitForUrl, type WaitQuestion } from '../../../client/wait/wait-for-url.ts';
import { startApp } from '../../support/web-app.ts';
import { freePort } from '../local-servers.ts';

/** A gateway's answers, one after the other; the last one for ever. */
async function question(
  t: Test,
  answers: readonly RequestListener[],
  changes: Partial<WaitQuestion> = {},
): Promise<WaitQuestion & { truths: string[]; asked: string[] }> {
  const left = [...answers];
  const asked: string[] = [];
  const { port } = await startApp(t, (request, response) => {
    asked.push(`${request.url ?? ''} ${String(request.headers['porthole-share'])}`);
    const [answer] = left.length > 1 ? left.splice(0, 1) : left;
    answer?.(request, response);
  });
  const truths: string[] = [];
  return {
    url: new URL(`http://web--pr-1.localhost:${port}/any/path?query`),
    credentials: {},
    trust: undefined,
    untilMs: performance.now() + 20_000,
    signal: new AbortController().signal,
    onTruth: ({ code }) => truths.push(code),
    truths,
    asked,
    ...changes,
  };
}

const ready: RequestListener = (_request, response) => response.end('{"env":"pr-1","state":"ready"}');
const offline: RequestListener = (_request, response) => {
  response
    .writeHead(503, { 'porthole-error': 'ERR_ENV_OFFLINE' })
    .end('{"message":"offline","state":"offline"}');
};
const mute: RequestListener = () => undefined;

t.test('asks again until it is ready, and tells each reason once', async (t) => {
  const asks = await question(t, [offline, offline, ready], { credentials: { 'porthole-share': 'token' } });
  t.same(await waitForUrl(asks), { kind: 'ready' });
  t.same(asks.truths, ['ERR_ENV_OFFLINE']);
  t.match(asks.asked, [/^\/_porthole\/wait\?state=ready&timeout=\d+ token$/, /./, /./]);
});

t.test('the time is kept, whatever the gateway does', async (t) => {
  const late = await question(t, [offline], { untilMs: performance.now() + 300 });
  t.match(await waitForUrl(late), {
    kind: 'not-ready',
    truth: { code: 'ERR_ENV_OFFLINE', state: 'offline' },
  });
  const silent = await question(t, [mute], { untilMs: performance.now() + 50 });
  t.match(await waitForUrl(silent), { kind: 'not-ready', truth: { code: 'ETIMEDOUT' } });
  const over = await question(t, [ready], { untilMs: performance.now() - 1 });
  t.match(await waitForUrl(over), { kind: 'not-ready' });
  t.same(over.asked, []);
});

t.test('a gateway that is away is asked again', async (t) => {
  const url = new URL(`http://localhost:${await freePort(t)}/`);
  const asks = await question(t, [ready], { url, untilMs: performance.now() + 50 });
  t.match(await waitForUrl(asks), { kind: 'not-ready', truth: { code: 'ECONNREFUSED' } });
  t.same(asks.truths, ['ECONNREFUSED']);
});

t.test('stopped at once', async (t) => {
  const stop = new AbortController();
  const asks = await question(t, [mute], { signal: stop.signal });
  const waited = waitForUrl(asks);
  stop.abort();
  t.match(await waited, { kind: 'not-ready' });
});

t.test('what opens it is taken out of a URL', (t) => {
  const cases = {
    'https://x.test/a?b=c&porthole-share=token': { 'porthole-share': 'token' },
    'https://x.test/a?porthole-token=pht_x&b=c': { 'porthole-token': 'pht_x' },
    'https://x.test/a?b=c': {},
  };
  for (const [link, credentials] of Object.entries(cases)) {
    const taken = takeCredentials(new URL(link));
    t.equal(taken.url.href, 'https://x.test/a?b=c');
    t.same(taken.credentials, credentials);
  }
  t.end();
});
