import t from 'tap';
import type { Place } from '../../../server/access/viewer.ts';
import { accessRequest, askedPlace } from '../../../server/ingress/access-request.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';
import { FakeForward } from './fake-forward.ts';
import { FakeRouter } from './fake-router.ts';

function head(...headers: string[]): RequestHead {
  const read = readRequestHead(
    {
      ...{ method: 'GET', target: '/a?b=c', version: '1.1', authority: undefined, hasBody: false },
      rawHeaders: ['Host', 'WEB--pr-1.preview.test.:8443', ...headers],
    },
    { maxHeaderBytes: 32_768 },
  );
  if (!(read instanceof RequestHead)) throw new Error(read.reason);
  return read;
}

const place: Place = {
  env: 'pr-1',
  service: 'web',
  access: 'private',
  owner: 'ann',
  from: undefined,
};

t.test('what the doorkeeper is asked', async (t) => {
  const read = head(
    ...['Cookie', 'a=1', 'Cookie', 'b=2', 'Authorization', 'Bearer x', 'Porthole-Token', 'pht_a.b'],
    ...['Porthole-Share', 'c.d', 'Origin', 'https://api--pr-1.preview.test', 'Sec-Fetch-Site', 'same-site'],
    ...['Sec-Fetch-Mode', 'cors', 'Referer', 'https://x.test/', 'Accept', 'text/html'],
  );
  t.match(accessRequest(read, '203.0.113.9', place), {
    place,
    host: 'web--pr-1.preview.test',
    method: 'GET',
    path: '/a?b=c',
    cookie: 'a=1; b=2',
    authorization: 'Bearer x',
    tokenHeader: 'pht_a.b',
    shareHeader: 'c.d',
    context: {
      origin: 'https://api--pr-1.preview.test',
      secFetchSite: 'same-site',
      secFetchMode: 'cors',
      referer: 'https://x.test/',
    },
    navigation: false,
    upgrade: false,
    address: '203.0.113.9',
  });
});

t.test('who asks to switch protocols does not go to a page', async (t) => {
  const page = head('Accept', 'text/html');
  t.match(accessRequest(page, '', place), { navigation: true, upgrade: false });
  const socket = head('Accept', 'text/html', 'Connection', 'Upgrade', 'Upgrade', 'websocket');
  t.match(accessRequest(socket, '', place), { navigation: false, upgrade: true });
});

t.test(
  'the place is the one of the route; what is not there is closed, and still has a service',
  async (t) => {
    const router = new FakeRouter();
    const place = () => {
      const resolution = router.resolve(head().host);
      return resolution.kind === 'apex' || resolution.kind === 'foreign'
        ? undefined
        : askedPlace(head(), resolution);
    };
    t.match(place(), { env: 'pr-1', service: 'web', access: 'private', owner: undefined });
    router.serve('web--pr-1', new FakeForward(1, { access: 'team' }));
    t.match(place(), { env: 'pr-1', service: 'web', access: 'team', owner: 'ann' });
  },
);
