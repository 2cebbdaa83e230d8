import t from 'tap';
import { PublicUrls } from '../../../server/routing/public-urls.ts';

const route = { env: 'pr-42', service: 'web', port: undefined };

t.test('URLs name the port only where it is not the usual one', (t) => {
  const usual = new PublicUrls({ protocol: 'https', domain: 'preview.example.com', port: 443 });
  t.equal(usual.rootUrl, 'https://preview.example.com/');
  t.equal(usual.urlOf(route), 'https://web--pr-42.preview.example.com/');
  t.same(usual.baseUrl, { hostname: 'preview.example.com', port: '', protocol: 'https:' });
  const other = new PublicUrls({ protocol: 'https', domain: 'localhost', port: 8443 });
  t.equal(other.urlOf({ ...route, service: undefined }), 'https://pr-42.localhost:8443/');
  t.same(other.baseUrl, { hostname: 'localhost', port: '8443', protocol: 'https:' });
  const plain = new PublicUrls({ protocol: 'http', domain: 'lan.test', port: 80 });
  t.equal(plain.rootUrl, 'http://lan.test/');
  t.end();
});
