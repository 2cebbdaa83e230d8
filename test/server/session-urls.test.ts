import { randomBytes } from 'node:crypto';
import t from 'tap';
import { grantIdOf } from '../../server/access/grant-token.ts';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import { sessionUrls, withStandingLinks } from '../../server/session-urls.ts';
import { FakeForward } from '../support/fake-forward.ts';

const route = { env: 'pr-1', service: 'web', port: undefined };

t.test('those who dial in are told URLs, and links that open what is private', async (t) => {
  const urls = new PublicUrls({ protocol: 'https', domain: 'preview.test', port: 8443 });
  const grantKey = randomBytes(32);
  const links = {
    current: (env: string, owner: string) => (env === 'pr-1' && owner === 'ana' ? 'abcdefabcdef' : undefined),
    pending: () => Promise.resolve(),
  };
  const told = sessionUrls({ urls, links, grantKey });
  t.equal(told.rootUrl, 'https://preview.test:8443/');
  t.same(told.baseUrl, { hostname: 'preview.test', port: '8443', protocol: 'https:' });
  t.equal(told.urlOf(route), 'https://web--pr-1.preview.test:8443/');
  const url = new URL(told.shareUrlOf(route, 'ana') ?? '');
  t.equal(url.host, 'web--pr-1.preview.test:8443');
  t.equal(grantIdOf(grantKey, 'link', url.searchParams.get('porthole-share') ?? ''), 'abcdefabcdef');
  t.equal(told.shareUrlOf(route, 'ben'), undefined);
  await told.sharePending('pr-1');
});

t.test('whoever offers something private gets a link', (t) => {
  const ensured: string[] = [];
  const refreshed: string[] = [];
  const routes = withStandingLinks(
    {
      mayClaim: (env) => env === 'pr-1',
      add: ({ route: { env } }) => (env === 'taken' ? { kind: 'taken' } : { kind: 'added', takenOver: [] }),
      refresh: ({ id }) => void refreshed.push(id),
    },
    { ensure: (env, owner) => void ensured.push(`${env} of ${owner}`) },
  );
  t.ok(routes.mayClaim('pr-1', 'ana'));
  t.notOk(routes.mayClaim('pr-2', 'ana'));
  t.match(routes.add(new FakeForward({ owner: 'ana' })), { kind: 'added' });
  t.match(routes.add(new FakeForward({ owner: 'ana', env: 'pr-2', access: 'team' })), { kind: 'added' });
  t.same(ensured.splice(0), ['pr-1 of ana', 'pr-2 of ana']);
  routes.add(new FakeForward({ env: 'taken' }));
  routes.add(new FakeForward({ access: 'public' }));
  routes.add(new FakeForward({ service: 'ssh', options: { scheme: 'tcp' } }));
  t.same(ensured, []);
  const forward = new FakeForward({ owner: 'ana' });
  routes.refresh(forward);
  t.same(refreshed, [forward.id]);
  t.same(ensured, ['pr-1 of ana']);
  t.end();
});
