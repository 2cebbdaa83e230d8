import t from 'tap';
import { LoginLinks } from '../../../server/access/login-links.ts';
import type { Account } from '../../../server/access/session-record.ts';

const account = (principal: string): Account => ({
  ...{ kind: 'key', principal, fingerprint: 'SHA256:x', role: 'member', envPatterns: ['*'] },
  certificate: undefined,
});

const codeOf = ({ url }: { url: string }): string => new URL(url).searchParams.get('code') ?? '';

t.test('a link logs in whom it was made for, once', async (t) => {
  const links = new LoginLinks({ loginOrigin: 'https://preview.test:8443' });
  const link = links.make(account('ana'));
  t.ok(link.url.startsWith('https://preview.test:8443/_porthole/login/key?code='));
  t.ok(Math.abs(link.expiresAtMs - Date.now() - 300_000) < 60_000);
  t.match(links.peek(codeOf(link)), { account: { principal: 'ana' }, until: Infinity });
  t.match(links.take(codeOf(link)), { account: { principal: 'ana' } });
  t.equal(links.take(codeOf(link)), undefined);
  t.equal(links.peek(codeOf(link)), undefined);
});

t.test('who makes many ends only their own', async (t) => {
  const links = new LoginLinks({ loginOrigin: 'https://preview.test', ttlMs: 60_000 });
  const bob = links.make(account('bob'));
  const first = links.make(account('ana'));
  for (let count = 0; count < 10; count += 1) links.make(account('ana'));
  t.equal(links.peek(codeOf(first)), undefined);
  t.match(links.peek(codeOf(bob)), { account: { principal: 'bob' } });
});
