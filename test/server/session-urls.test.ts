import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import { sessionUrls } from '../../server/session-urls.ts';

t.test('those who dial in are told URLs, and links that open what is private', (t) => {
  const urls = new PublicUrls({ protocol: 'https', domain: 'preview.test', port: 8443 });
  const told = sessionUrls({ config: { shareTtlMs: 1000 }, urls, shareKey: randomBytes(32) });
  const route = { env: 'pr-1', service: 'web', port: undefined };
  t.equal(told.rootUrl, 'https://preview.test:8443/');
  t.same(told.baseUrl, { hostname: 'preview.test', port: '8443', protocol: 'https:' });
  t.equal(told.urlOf(route), 'https://web--pr-1.preview.test:8443/');
  t.match(
    told.shareUrlOf(route, 'ana'),
    /^https:\/\/web--pr-1\.preview\.test:8443\/\?porthole-share=.{20,}$/,
  );
  t.end();
});
