import fc from 'fast-check';
import t from 'tap';
import type { FetchContext } from '../../../server/access/decision.ts';
import {
  isInFrame,
  isOriginOf,
  mayCall,
  mayUseCookie,
  originOfHost,
} from '../../../server/access/origins.ts';
import { noContext, placeAt } from '../../support/door.ts';

const here = { domain: 'preview.example.com', publicAddress: { protocol: 'https', port: 443 } } as const;
const rules = {
  ...here,
  allowedOrigins: ['https://storybook.example.org'],
  embedOrigins: ['https://board.example.org'],
  loginOrigin: 'https://preview.example.com',
};
const env = 'https://web--pr-42.preview.example.com';
const sibling = 'https://web--evil.preview.example.com';

t.test('the origins of the hosts of an environment', async (t) => {
  for (const label of ['pr-42', 'web--pr-42', 'web--8080--pr-42', '8080--pr-42', 'nothing--pr-42'])
    t.equal(isOriginOf(`https://${label}.preview.example.com`, 'pr-42', here), true, label);
  const others = [
    undefined,
    '',
    'null',
    sibling,
    'https://preview.example.com',
    'http://web--pr-42.preview.example.com',
    'https://web--pr-42.preview.example.com:8443',
    'https://web--pr-42.preview.example.com.',
    'https://web--pr-42.preview.example.com.evil.example',
    'https://evil.example/web--pr-42.preview.example.com',
    'https://user@web--pr-42.preview.example.com',
    'https://x.web--pr-42.preview.example.com',
    'https://web--pr-42.preview.example.com/',
    'https://WEB--pr-42.preview.example.com',
    'https://pr-42',
    'https://pr-421.preview.example.com',
    'https://web--pr-42-preview.example.com',
  ];
  for (const origin of others) t.equal(isOriginOf(origin, 'pr-42', here), false, String(origin));
});

t.test('on a port of its own', async (t) => {
  const at = { ...here, publicAddress: { protocol: 'https', port: 8443 } } as const;
  t.equal(isOriginOf('https://pr-42.preview.example.com:8443', 'pr-42', at), true);
  t.equal(isOriginOf('https://pr-42.preview.example.com', 'pr-42', at), false);
  t.equal(originOfHost('pr-42.preview.example.com', at), 'https://pr-42.preview.example.com:8443');
  t.equal(originOfHost('pr-42.preview.example.com', here), 'https://pr-42.preview.example.com');
});

t.test('no text is such an origin that a URL is not', async () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('', '.', '/', '@', ':', '\\'), (text, sign) => {
      const origin = `https://${text}${sign}pr-42.preview.example.com`;
      return !isOriginOf(origin, 'pr-42', here) || new URL(origin).origin === origin;
    }),
  );
});

t.test('those beyond that may call it', async (t) => {
  t.equal(mayCall(env, 'pr-42', rules), true);
  t.equal(mayCall('https://storybook.example.org', 'pr-42', rules), true);
  for (const origin of [
    'https://storybook.example.org.evil',
    'https://board.example.org',
    sibling,
    undefined,
  ])
    t.equal(mayCall(origin, 'pr-42', rules), false, String(origin));
});

type Case = [
  about: string,
  expected: boolean,
  context: Partial<FetchContext>,
  more?: { navigation?: boolean; upgrade?: boolean },
];
const page = { secFetchMode: 'navigate', secFetchDest: 'document' };
const frame = { secFetchMode: 'navigate', secFetchDest: 'iframe' };
const cases: Case[] = [
  ['the host itself', true, { secFetchSite: 'same-origin' }],
  ['the host itself, without a referrer', true, { secFetchSite: 'same-origin', origin: 'null' }],
  ['its user', true, { secFetchSite: 'none', ...page }, { navigation: true }],
  ['a link anywhere', true, { secFetchSite: 'cross-site', ...page }, { navigation: true }],
  [
    'a link on a sibling',
    true,
    { secFetchSite: 'same-site', ...page, referer: `${sibling}/` },
    { navigation: true },
  ],
  ['a link, to a browser of before', true, { referer: `${sibling}/` }, { navigation: true }],
  ['a script that says it wants a page', false, { origin: sibling }, { navigation: true }],
  ['a host of the environment', true, { secFetchSite: 'same-site', secFetchMode: 'cors', origin: env }],
  ['an image on one', true, { secFetchSite: 'same-site', secFetchMode: 'no-cors', referer: `${env}/` }],
  ['an image on one, without a referrer', false, { secFetchSite: 'same-site', secFetchMode: 'no-cors' }],
  ['a sibling', false, { secFetchSite: 'same-site', secFetchMode: 'cors', origin: sibling }],
  ['an image on a sibling', false, { secFetchSite: 'same-site', referer: `${sibling}/` }],
  ['a referrer in the Origin', false, { secFetchSite: 'same-site', origin: 'null', referer: `${env}/` }],
  ['an allowed origin', true, { secFetchSite: 'cross-site', origin: 'https://storybook.example.org' }],
  ['a form of a sibling', false, { secFetchSite: 'same-site', ...page, origin: sibling }],
  ['a form of the environment', true, { secFetchSite: 'same-site', ...page, origin: env }],
  [
    'a frame on the environment',
    true,
    { secFetchSite: 'same-site', ...frame, referer: `${env}/` },
    { navigation: true },
  ],
  [
    'a frame on a sibling',
    false,
    { secFetchSite: 'same-site', ...frame, referer: `${sibling}/` },
    { navigation: true },
  ],
  ['a frame of nobody', false, { secFetchSite: 'cross-site', ...frame }, { navigation: true }],
  [
    'a frame where one may',
    true,
    { secFetchSite: 'cross-site', ...frame, referer: 'https://board.example.org/' },
    { navigation: true },
  ],
  [
    'a script where one may show a frame',
    false,
    { secFetchSite: 'cross-site', origin: 'https://board.example.org' },
  ],
  ['a WebSocket of the environment', true, { origin: env }, { upgrade: true }],
  ['a WebSocket of a sibling', false, { origin: sibling }, { upgrade: true }],
  ['a WebSocket of a program', true, {}, { upgrade: true }],
  ['a program', true, {}],
  ['a program that says where it comes from', false, { referer: 'https://evil.example/' }],
  ['a referrer that is none', false, { referer: 'web--pr-42.preview.example.com' }],
  [
    'a referrer with a name in it',
    false,
    { secFetchSite: 'same-site', referer: 'https://evil.example/https://web--pr-42.preview.example.com/' },
  ],
  [
    'a referrer with a user in it',
    false,
    { secFetchSite: 'same-site', referer: 'https://web--pr-42.preview.example.com@evil.example/' },
  ],
];

t.test('from where a cookie counts', async (t) => {
  for (const [about, expected, context, { navigation = false, upgrade = false } = {}] of cases) {
    const request = {
      place: placeAt('web--pr-42'),
      navigation,
      upgrade,
      context: { ...noContext, ...context },
    };
    t.equal(mayUseCookie(request, rules), expected, about);
  }
});

t.test('the login pages lead on in a frame, where there may be one', async (t) => {
  const request = {
    place: placeAt('web--pr-42'),
    navigation: true,
    upgrade: false,
    context: { ...noContext, secFetchSite: 'same-site', ...frame, referer: 'https://preview.example.com/' },
  };
  t.equal(mayUseCookie(request, rules), true);
  t.equal(mayUseCookie(request, { ...rules, embedOrigins: [] }), false);
  const script = { ...request, navigation: false, context: { ...request.context, secFetchDest: 'empty' } };
  t.equal(mayUseCookie(script, rules), false);
});

t.test('what is shown inside of a page', async (t) => {
  for (const secFetchDest of ['iframe', 'frame', 'embed', 'object', 'fencedframe'])
    t.equal(isInFrame({ secFetchDest }), true);
  for (const secFetchDest of [undefined, 'document', 'image', 'empty'])
    t.equal(isInFrame({ secFetchDest }), false);
});
