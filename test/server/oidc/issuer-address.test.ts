import t from 'tap';
import { isFetchable, isLoopback, issuerProblem } from '../../../server/oidc/issuer-address.ts';

for (const issuer of [
  'https://token.actions.githubusercontent.com',
  'https://gitlab.com',
  'https://gitlab.example.com:8443/path/',
  'http://127.0.0.1:3000',
  'http://[::1]:3000',
  'http://localhost:3000',
])
  t.equal(issuerProblem(issuer), undefined, issuer);

for (const issuer of [
  '',
  'gitlab.com',
  'http://gitlab.com',
  'http://127.0.0.1.evil.test',
  'http://localhost.evil.test',
  'http://192.168.0.1',
  'ftp://127.0.0.1',
  'https://user@gitlab.com',
  'https://gitlab.com?x=1',
  'https://gitlab.com/#x',
])
  t.type(issuerProblem(issuer), 'string', issuer);

t.equal(isFetchable(new URL('http://127.9.9.9/x')), true);
t.equal(isFetchable(new URL('http://[::2]/x')), false);
t.equal(isFetchable(new URL('file:///etc/passwd')), false);
t.equal(isLoopback(new URL('https://localhost/')), true);
t.equal(isLoopback(new URL('https://example.com/')), false);
