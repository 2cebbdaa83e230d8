import fc from 'fast-check';
import t from 'tap';
import { allow } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { get } from './raw-client.ts';
import { rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
/** Nothing that holds it may go on; and all that holds the other must. */
const secret = 'SECRET';
const kept = 'KEPT';

/** An app that tells what it was sent, byte for byte. */
async function start(t: Teardown): Promise<Gateway & { seen: string[] }> {
  const gateway = await startGateway(t);
  const seen: string[] = [];
  const port = await rawUpstream(t, (socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      seen.push(text);
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });
  gateway.router.serve('web--pr-1', new FakeForward(port, { access: 'private' }));
  gateway.doorkeeper.rule = ({ authorization }) =>
    allow({
      via: 'token',
      spends: authorization?.startsWith('Basic') === true ? 'authorization' : undefined,
    });
  return { ...gateway, seen };
}

/** The text with some of its letters in the other case. */
const inAnyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .infiniteStream(fc.boolean())
    .map((flips) =>
      [...text].map((letter) => (flips.next().value === true ? letter.toUpperCase() : letter)).join(''),
    );

/** The text with some of its characters percent-encoded. */
const encoded = (text: string): fc.Arbitrary<string> =>
  fc
    .infiniteStream(fc.integer({ min: 0, max: 7 }))
    .map((dice) =>
      [...text]
        .map((letter) =>
          dice.next().value === 0 ? `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}` : letter,
        )
        .join(''),
    );

const ownCookie = fc
  .constantFrom(
    '__Host-porthole_session',
    '__Host-porthole_embed',
    '__Host-porthole_state',
    '__Host-porthole_login',
    '__Secure-porthole_x',
    'porthole_session',
  )
  .chain(inAnyCase)
  .map((name) => `${name}=${secret}`);
const appCookie = fc
  .constantFrom('a', 'session', '__Host-app', 'my_porthole')
  .map((name) => `${name}=${kept}`);

const ownParameter = fc
  .constantFrom('porthole-share', 'porthole-token')
  .chain((name) => fc.oneof(inAnyCase(name), encoded(name)))
  .map((name) => `${name}=${secret}`);
const appParameter = fc
  .constantFrom('a', 'token', 'share', 'x-porthole-token')
  .map((name) => `${name}=${kept}`);

const ownHeader = fc
  .constantFrom('porthole-token', 'porthole-share', 'porthole_token', 'x-porthole-user', 'x_porthole_user')
  .chain(inAnyCase)
  .map((name) => `${name}: ${secret}`);
const appHeader = fc.constantFrom('X-App-Token', 'X-Share', 'Api-Key').map((name) => `${name}: ${kept}`);

const ownAuthorization = fc.constantFrom(
  `Bearer pht_abcdefghij23.${secret}`,
  `bearer  pht_abcdefghij23.${secret}`,
  `Basic ${btoa(`ann:${secret}`)}`,
);
const appAuthorization = fc.constantFrom(`Bearer ${kept}`, `Digest ${kept}`);

interface Sent {
  readonly path: string;
  readonly cookies: readonly string[];
  readonly headers: readonly string[];
  readonly authorization: string | undefined;
  readonly refererQuery: string;
}

const query = fc.array(fc.oneof(ownParameter, appParameter), { maxLength: 4 }).map((all) => all.join('&'));
const request: fc.Arbitrary<Sent> = fc.record({
  path: query.map((text) => (text === '' ? '/' : `/?${text}`)),
  cookies: fc.array(fc.oneof(ownCookie, appCookie), { maxLength: 4 }),
  headers: fc.array(fc.oneof(ownHeader, appHeader), { maxLength: 3 }),
  authorization: fc.option(fc.oneof(ownAuthorization, appAuthorization), { nil: undefined }),
  refererQuery: query,
});

function linesOf({ cookies, headers, authorization, refererQuery }: Sent): string[] {
  return [
    ...headers,
    ...(cookies.length === 0 ? [] : [`Cookie: ${cookies.join('; ')}`]),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    `Referer: https://${host}/page?${refererQuery}`,
  ];
}

const count = (text: string, word: string): number => text.split(word).length - 1;

function check(t: Pick<Tap, 'notOk' | 'equal'>, sent: string, seen: string): void {
  const basic = btoa(`ann:${secret}`);
  t.notOk(seen.includes(secret) || seen.includes(basic), seen);
  t.equal(count(seen, kept), count(sent, kept), `${sent}\n--\n${seen}`);
}

type Tap = typeof t;

t.test('nothing of the gateway goes on to an app, and all that is its own does', async (t) => {
  const gateway = await start(t);
  await fc.assert(
    fc.asyncProperty(request, async (sent) => {
      const headers = `${linesOf(sent).join('\r\n')}\r\n`;
      await get(t, gateway.port, host, { path: sent.path, headers });
      check(t, sent.path + headers, gateway.seen.splice(0).join(''));
    }),
    { numRuns: 60 },
  );
});

t.test('over HTTP/2 too', async (t) => {
  const gateway = await start(t);
  const session = http2Client(t, gateway.http2Port);
  await fc.assert(
    fc.asyncProperty(request, async (sent) => {
      const lines = new Map(
        linesOf(sent).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line]),
      );
      const fields = [...lines].map(([name, line]) => [name, line.slice(line.indexOf(':') + 2)]);
      const pseudo = { ':authority': host, ':path': sent.path };
      await http2Get(session, { ...pseudo, ...(Object.fromEntries(fields) as Record<string, string>) });
      check(t, [sent.path, ...lines.values()].join('\n'), gateway.seen.splice(0).join(''));
    }),
    { numRuns: 60 },
  );
});

t.test('nor with an upgrade', async (t) => {
  const gateway = await start(t);
  const headers = `Connection: Upgrade\r\nUpgrade: websocket\r\nCookie: __Host-porthole_session=${secret}\r\nAuthorization: Basic ${btoa(`ann:${secret}`)}\r\n`;
  await get(t, gateway.port, host, { path: `/?porthole-token=${secret}`, headers });
  check(t, headers, gateway.seen.join(''));
  t.match(gateway.seen.join(''), /^GET \/ HTTP/);
});
