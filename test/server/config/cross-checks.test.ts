import t from 'tap';
import { load } from '../../../server/config/load.ts';

function problemsOf(...argv: string[]): readonly string[] {
  const loaded = load({ argv, env: { HOME: '/home/a' }, readFile: () => '' });
  return loaded.ok ? [] : loaded.problems;
}

t.test('a certificate needs its key and the other way round', async (t) => {
  t.same(problemsOf('--tls-cert=c.pem'), ['--tls-cert: needs tls-key beside it']);
  t.same(problemsOf('--tls-key=k.pem'), ['--tls-key: needs tls-cert beside it']);
  t.same(problemsOf('--tls-cert=c.pem', '--tls-key=k.pem'), []);
});

t.test('the public URL names the domain', async (t) => {
  t.match(problemsOf('--public-url=https://a.example.com'), [/^--public-url: .*a\.example\.com.*localhost/]);
  t.same(problemsOf('--public-url=https://a.example.com:444', '--domain=A.example.com'), []);
});

t.test('the host of the login pages is none that a preview could have', async (t) => {
  const admin = (host: string): readonly string[] =>
    problemsOf('--domain=preview.example.com', `--admin-domain=${host}`);
  t.match(admin('Preview.Example.com'), [/^--admin-domain: preview\.example\.com is the domain itself/]);
  t.match(admin('pr-42.preview.example.com'), [/^--admin-domain: .*a preview could have/]);
  t.match(admin('web--auth.preview.example.com'), [/a preview could have/]);
  for (const host of [
    'auth.preview.example.com',
    'LOGIN.preview.example.com',
    'login.example.com',
    'example.com',
  ])
    t.same(admin(host), [], host);
  t.same(admin('a.b.preview.example.com'), []);
});

t.test('no address is listened on twice, and there is one at least', async (t) => {
  t.same(problemsOf('--listen=:443', '--ssh-listen=0.0.0.0:443'), [
    '--ssh-listen: 0.0.0.0:443 is used twice',
  ]);
  t.same(problemsOf('--metrics-listen=:8443'), ['--metrics-listen: 0.0.0.0:8443 is used twice']);
  t.same(problemsOf('--listen=127.0.0.1:0', '--ssh-listen=127.0.0.1:0'), []);
  t.same(problemsOf('--listen=,'), ['--listen: there is no address to listen on']);
  t.same(problemsOf('--listen=,', '--ssh-listen=:22'), []);
});

t.test('a value that is wrong by itself is told once', async (t) => {
  t.equal(problemsOf('--tls-cert=c.pem', '--tls-key=-----BEGIN').length, 1);
  t.equal(problemsOf('--listen=443').length, 1);
  t.equal(problemsOf('--domain=*.a', '--public-url=https://a').length, 1);
});
