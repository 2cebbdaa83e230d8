import t from 'tap';
import { hostnameOf, locationOf, originOf, routeHostname } from '../../../server/ingress/sites.ts';

t.test('the name of a host', async (t) => {
  t.equal(hostnameOf('A.Test:8443'), 'a.test');
  t.equal(hostnameOf('a.test.:1'), 'a.test');
  t.equal(hostnameOf('a.test:'), 'a.test');
  t.equal(hostnameOf('a.test'), 'a.test');
});

t.test('the origin that visitors see', async (t) => {
  t.equal(originOf('a.test', { protocol: 'https', port: 443 }), 'https://a.test');
  t.equal(originOf('a.test', { protocol: 'https', port: 8443 }), 'https://a.test:8443');
  t.equal(originOf('a.test', { protocol: 'http', port: 80 }), 'http://a.test');
  t.equal(routeHostname({ env: 'pr-1', service: 'web', port: 8080 }, 'b.test'), 'web--8080--pr-1.b.test');
});

t.test('a location holds nothing that a URL may not', async (t) => {
  t.equal(locationOf('https://a.test', '/a?b=%20&c'), 'https://a.test/a?b=%20&c');
  t.equal(locationOf('https://a.test', '/\xe9\x7f \t'), 'https://a.test/%E9%7F%20%09');
});
