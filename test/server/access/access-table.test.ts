import { readFileSync } from 'node:fs';
import t from 'tap';
import type { AccessDecision, AccessRequest, FetchContext } from '../../../server/access/decision.ts';
import { grantToken } from '../../../server/access/grant-token.ts';
import { dayMs, Door, doorKey, doorNowMs, hostOf } from '../../support/door.ts';

const env = 'https://web--pr-42.preview.example.com';
const evil = 'https://web--evil.preview.example.com';
const story = 'https://storybook.example.org';
const board = 'https://board.example.org';
const id = 'abcdefghij27';
const link = grantToken(doorKey, 'link', id);
const token = grantToken(doorKey, 'token', id);
const nonce = 'n'.repeat(43);
const state = `__Host-porthole_state=${nonce}; __Host-porthole_state_embed=${nonce}`;

/** The tables of the document, by what stands above their first column: rows of cells, with their heads. */
function tableOf(first: string): { heads: string[]; rows: string[][] } {
  const text = readFileSync(new URL('../../../docs/ACCESS.md', import.meta.url), 'utf8');
  const lines = text.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === first);
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  const [heads = [], , ...rows] = lines.slice(start, end).map(cellsOf);
  return { heads: heads.slice(1), rows };
}

function cellsOf(line: string): string[] {
  return line.startsWith('|')
    ? line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim())
    : [];
}

function wordOf(decision: AccessDecision): string {
  switch (decision.kind) {
    case 'allow':
      return decision.detour === undefined ? 'served' : 'cleaned';
    case 'hand-over':
      return 'log in';
    case 'login':
      return '401';
    case 'unknown':
      return '404';
    case 'origin':
      return '403';
    case 'preflight':
      return '204';
    case 'limited':
      return '429';
    case 'prove':
      return 'prove';
  }
}

type Asked = Omit<Partial<AccessRequest>, 'context'> & { readonly context: Partial<FetchContext> };

const fetching = { secFetchMode: 'cors', secFetchDest: 'empty' };
const going = { secFetchMode: 'navigate', secFetchDest: 'document' };
const framing = { secFetchMode: 'navigate', secFetchDest: 'iframe' };
const same = { secFetchSite: 'same-origin' };
const sister = (origin: string): Partial<FetchContext> => ({ secFetchSite: 'same-site', origin });
const loading = { secFetchMode: 'no-cors', secFetchDest: 'image' };
const preflight = { ...fetching, corsMethod: 'PUT', corsHeaders: 'content-type' };
const page = { navigation: true };
const socket = { upgrade: true };
const form = { method: 'POST' };

const requests: Record<string, Asked> = {
  'navigation: typed, or a link anywhere': { ...page, context: { ...going, secFetchSite: 'cross-site' } },
  'navigation by a share link': {
    ...page,
    path: `/a?porthole-share=${link}`,
    context: { ...going, secFetchSite: 'none' },
  },
  'HEAD of a page': { ...page, method: 'HEAD', context: { ...going, secFetchSite: 'none' } },
  'fetch or XHR from the host itself': { context: { ...fetching, ...same } },
  'fetch or XHR from a host of the environment': { context: { ...fetching, ...sister(env) } },
  'fetch or XHR from an allowed origin': {
    context: { ...fetching, secFetchSite: 'cross-site', origin: story },
  },
  'fetch or XHR from elsewhere': { context: { ...fetching, ...sister(evil) } },
  'preflight from a host of the environment': {
    method: 'OPTIONS',
    context: { ...preflight, ...sister(env) },
  },
  'preflight from an allowed origin': {
    method: 'OPTIONS',
    context: { ...preflight, secFetchSite: 'cross-site', origin: story },
  },
  'preflight from elsewhere': { method: 'OPTIONS', context: { ...preflight, ...sister(evil) } },
  'EventSource from the host itself': { context: { ...fetching, ...same } },
  'EventSource from a host of the environment': { context: { ...fetching, ...sister(env) } },
  'EventSource from elsewhere': { context: { ...fetching, ...sister(evil) } },
  'WebSocket from the host itself': {
    ...socket,
    context: { secFetchMode: 'websocket', ...same, origin: env },
  },
  'WebSocket from a host of the environment': { ...socket, context: { origin: env } },
  'WebSocket from elsewhere': { ...socket, context: { origin: evil } },
  'WebSocket by a program': { ...socket, context: {} },
  'image, style or script on the host itself': { context: { ...loading, ...same } },
  'image, style or script on a host of the environment': {
    context: { ...loading, secFetchSite: 'same-site', referer: `${env}/` },
  },
  'image, style or script elsewhere': {
    context: { ...loading, secFetchSite: 'same-site', referer: `${evil}/` },
  },
  'form POST from the host itself': { ...form, context: { ...going, ...same, origin: 'null' } },
  'form POST from a host of the environment': { ...form, context: { ...going, ...sister(env) } },
  'form POST from elsewhere': { ...form, context: { ...going, ...sister(evil) } },
  'frame on a host of the environment': {
    ...page,
    context: { ...framing, secFetchSite: 'same-site', referer: `${env}/` },
  },
  'frame on one of the embed origins': {
    ...page,
    context: { ...framing, secFetchSite: 'cross-site', referer: `${board}/` },
  },
  'frame elsewhere': { ...page, context: { ...framing, secFetchSite: 'same-site', referer: `${evil}/` } },
  'script of a service worker': {
    context: { secFetchMode: 'same-origin', secFetchDest: 'serviceworker', ...same },
  },
  'Range of a video on the host itself': { context: { ...loading, secFetchDest: 'video', ...same } },
  'HEAD by a script of the host itself': { method: 'HEAD', context: { ...fetching, ...same } },
  '/favicon.ico': { path: '/favicon.ico', context: { ...loading, ...same } },
  '/.well-known/acme-challenge/ over TLS': { path: '/.well-known/acme-challenge/x', context: {} },
  curl: { context: {} },
  'curl that asks for HTML': { ...page, context: {} },
  'a browser that is asked for Basic': {
    ...page,
    path: '/?_preevy_auth_hint=basic',
    context: { ...going, secFetchSite: 'none' },
  },
};

/** An environment that is there, with everything that a cookie may name. */
function setting(exists: boolean): Door {
  const door = new Door({ allowedOrigins: [story], embedOrigins: [board] });
  if (exists) door.offer('web--pr-42');
  door.logIn('may', { admin: false, envPatterns: exists ? ['pr-*'] : [] });
  door.logIn('not');
  door.logIn('ended', { admin: true }, { endedAt: doorNowMs });
  door.give('given');
  door.give('revoked', { revokedAt: doorNowMs });
  door.give(id, { kind: 'token' });
  return door;
}

/** What a request shows in each state, as far as it is a cookie. */
const states: Record<string, (door: Door) => Partial<AccessRequest>> = {
  none: () => ({}),
  may: (door) => ({ cookie: door.cookie('s:may') }),
  'may not': (door) => ({ cookie: door.cookie('s:not') }),
  expired: (door) => ({ cookie: door.cookie('s:may', 'web--pr-42', { expiresAtMs: doorNowMs }) }),
  forged: (door) => ({ cookie: `${door.cookie('s:may').slice(0, -2)}xx` }),
  elsewhere: (door) => ({ cookie: door.cookie('s:may', 'api--pr-42') }),
  link: (door) => ({ cookie: door.cookie('g:given') }),
  token: () => ({ tokenHeader: token }),
  revoked: (door) => ({ cookie: `${door.cookie('s:ended')}; ${door.cookie('g:revoked')}` }),
};

function ask(door: Door, asked: Asked, shown: Partial<AccessRequest>): AccessDecision {
  const cookie = shown.cookie === undefined ? state : `a=1; ${shown.cookie}; ${state}`;
  return door.decide({ ...asked, ...shown, cookie });
}

t.test('every request in every state is answered as the document says', async (t) => {
  const { heads, rows } = tableOf('Request');
  t.same(heads, Object.keys(states));
  t.same(
    rows.map(([name]) => name),
    Object.keys(requests),
  );
  for (const [name = '', ...cells] of rows) {
    for (const [at, expected] of cells.entries()) {
      const door = setting(true);
      const [asked, shown] = [requests[name], states[heads[at] ?? '']?.(door)];
      if (asked === undefined || shown === undefined) continue;
      t.equal(wordOf(ask(door, asked, shown)), expected, `${name}: ${heads[at] ?? ''}`);
    }
  }
});

t.test('where nothing opens it, what is there and what is not are answered alike', async (t) => {
  const { heads, rows } = tableOf('Request');
  for (const [name = '', ...cells] of rows) {
    for (const [at, expected] of cells.entries()) {
      const asked = requests[name];
      const shown = states[heads[at] ?? ''];
      if (asked === undefined || shown === undefined || expected === 'served' || expected === 'cleaned')
        continue;
      const [there, gone] = [true, false].map((exists) => {
        const door = setting(exists);
        return ask(door, asked, shown(door));
      });
      t.same(there, gone, `${name}: ${heads[at] ?? ''}`);
    }
  }
});

const basic = (password: string): string => `Basic ${Buffer.from(`x:${password}`).toString('base64')}`;
const garbled = (text: string): string => `${text.slice(0, -3)}AAA`;

interface Shown {
  readonly kind: 'link' | 'token' | 'proof';
  readonly more?: { readonly emails?: readonly string[]; readonly maxUses?: number };
  readonly show: (secret: string) => Partial<AccessRequest>;
}

const programs: Record<string, Shown> = {
  '`Porthole-Token`': { kind: 'token', show: (tokenHeader) => ({ tokenHeader }) },
  '`Authorization: Bearer`, a token': {
    kind: 'token',
    show: (secret) => ({ authorization: `Bearer ${secret}` }),
  },
  '`Authorization: Basic`, a token': { kind: 'token', show: (secret) => ({ authorization: basic(secret) }) },
  '`?porthole-token=`': { kind: 'token', show: (secret) => ({ path: `/?porthole-token=${secret}` }) },
  '`Porthole-Share`': { kind: 'link', show: (shareHeader) => ({ shareHeader }) },
  '`?porthole-share=`': { kind: 'link', show: (secret) => ({ path: `/?porthole-share=${secret}` }) },
  '`Porthole-Share`, a link for addresses': {
    kind: 'link',
    more: { emails: ['a@example.com'] },
    show: (shareHeader) => ({ shareHeader }),
  },
  '`Porthole-Share`, a link for so many': {
    kind: 'link',
    more: { maxUses: 3 },
    show: (shareHeader) => ({ shareHeader }),
  },
  '`Authorization: Basic`, a password': { kind: 'proof', show: () => ({ authorization: basic('secret') }) },
  "`Authorization: Bearer`, a machine's token": {
    kind: 'proof',
    show: () => ({ authorization: 'Bearer a.b.c' }),
  },
};

const worth: Record<string, (door: Door, kind: 'link' | 'token', more: Shown['more']) => void> = {
  good: (door, kind, more) => door.give(id, { kind, ...more }),
  over: (door, kind, more) => door.give(id, { kind, ...more, expiresAt: door.nowMs - dayMs }),
  'of another': (door, kind, more) => door.give(id, { kind, ...more, service: 'api' }),
  wrong: (door, kind, more) => door.give(id, { kind, ...more }),
};

t.test('programs are answered as the document says', async (t) => {
  const { heads, rows } = tableOf('Shown');
  t.same(heads, Object.keys(worth));
  t.same(
    rows.map(([name]) => name),
    Object.keys(programs),
  );
  for (const [name = '', ...cells] of rows) {
    const { kind, more, show } = programs[name] ?? { kind: 'proof', show: () => ({}) };
    for (const [at, expected] of cells.entries()) {
      const head = heads[at] ?? '';
      const door = new Door();
      door.offer('web--pr-42');
      door.proof = { kind: 'refused' };
      if (kind !== 'proof') worth[head]?.(door, kind, more);
      else if (head === 'good') door.proof = { kind: 'proven', via: 'password', pass: undefined };
      const secret = kind === 'link' ? link : token;
      const decision = door.decide(show(head === 'wrong' ? garbled(secret) : secret));
      t.equal(wordOf(decision), expected, `${name}: ${head}`);
      const isWrong = head === 'wrong' && kind !== 'proof';
      t.same(door.failed, isWrong ? ['192.0.2.1 pr-42'] : [], `${name}: ${head}: counted`);
    }
  }
});

t.test(
  'who comes from elsewhere sees what they would if it were not there, whatever they show',
  async (t) => {
    for (const [name, asked] of Object.entries(requests)) {
      for (const [head, shown] of Object.entries(states)) {
        const gone = setting(false);
        const wanted = ask(gone, asked, shown(gone));
        const door = setting(true);
        const place = door.offer('web--pr-42', { from: '198.51.100.0/24' });
        for (const access of ['private', 'public'] as const) {
          const told = ask(door, { ...asked, place: { ...place, access } }, shown(door));
          t.same(told, wanted, `${name}: ${head}: ${access}`);
        }
      }
    }
    t.equal(hostOf('web--pr-42'), new URL(env).host);
  },
);
