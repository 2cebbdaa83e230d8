// What each finding means, and what is told to do about it.
import t, { type Test } from 'tap';
import { judgeIdentities, judgeLogin } from '../../../client/doctor/authentication.ts';
import type { Verdict } from '../../../client/doctor/check.ts';
import { judgeDocker, type DockerFacts } from '../../../client/doctor/docker.ts';
import { judgeName, judgePreviewName } from '../../../client/doctor/dns.ts';
import { judgeForward, judgeTrip, type TripFacts } from '../../../client/doctor/round-trip.ts';
import { judgeSsh, type SshFacts } from '../../../client/doctor/ssh.ts';
import { judgeSshServer, sshServerChecks } from '../../../client/doctor/ssh-server.ts';
import { judgeTarget } from '../../../client/doctor/targets.ts';
import { judgeTcp } from '../../../client/doctor/tcp.ts';
import { judgeTls, type TlsFacts } from '../../../client/doctor/tls.ts';
import { refused } from '../../../client/failure.ts';
import type { Identity } from '../../../client/identity.ts';
import { readSshServer } from '../../../client/ssh-server/ssh-server-offer.ts';
import { parseOffer } from '../../../client/target.ts';

type Expected = [what: string, verdict: Verdict, status: Verdict['status'], told?: RegExp];

/** Whoever fails says what to do; whoever does not has nothing to say. */
function judged(t: Test, cases: readonly Expected[]): void {
  for (const [what, verdict, status, told] of cases) {
    t.equal(verdict.status, status, what);
    const text = verdict.status === 'ok' ? verdict.detail : `${verdict.detail} -> ${verdict.next}`;
    t.match(text, told ?? /./, what);
    t.notMatch(text, /[\p{Cc}\n]|undefined/u, what);
  }
  t.end();
}

t.test('the gateway is found', (t) => {
  const found = { kind: 'addresses', addresses: ['203.0.113.7', '2001:db8::7'] } as const;
  const failed = (code: string) => ({ kind: 'failed', code }) as const;
  judged(t, [
    ['a name', judgeName('x.test', found), 'ok', /203\.0\.113\.7, 2001:db8::7/],
    ['an address', judgeName('::1', found), 'ok', /needs no DNS/],
    ['no such name', judgeName('x.test', failed('ENOTFOUND')), 'failed', /--server/],
    ['a name without addresses', judgeName('x.test', { ...found, addresses: [] }), 'failed', /no host/],
    ['a resolver that is away', judgeName('x.test', failed('EAI_AGAIN')), 'failed', /EAI_AGAIN.*DNS server/],
  ]);
});

t.test('the preview is found', (t) => {
  const gateway = { host: 'x.test', addresses: ['203.0.113.7', '203.0.113.8'] };
  const at = (...addresses: string[]) => ({ kind: 'addresses', addresses }) as const;
  const nowhere = { kind: 'failed', code: 'ENOTFOUND' } as const;
  judged(t, [
    ['where the gateway is', judgePreviewName('a.x.test', at('203.0.113.8'), gateway), 'ok'],
    ['elsewhere', judgePreviewName('a.x.test', at('192.0.2.1'), gateway), 'warning', /\*\.x\.test/],
    ['nowhere', judgePreviewName('a.x.test', nowhere, gateway), 'failed', /wildcard DNS record: \*\.x\.test/],
    ['this machine', judgePreviewName('a.localhost', nowhere, gateway), 'ok'],
  ]);
});

t.test('the port', (t) => {
  const server = { host: 'x.test', port: 8443 };
  const failed = (code: string) => judgeTcp(server, { kind: 'failed', code, reason: 'words' });
  judged(t, [
    ['open', judgeTcp(server, { kind: 'connected', address: '::1', ms: 0.2 }), 'ok', /x\.test:8443.*1 ms/],
    ['closed', failed('ECONNREFUSED'), 'failed', /nothing listens.*portholed/],
    ['silent', failed('ETIMEDOUT'), 'failed', /firewall.*8443/],
    ['no way', failed('EHOSTUNREACH'), 'failed', /routes/],
    ['something else', failed('EWHAT'), 'failed', /words/],
  ]);
});

t.test('TLS', (t) => {
  const nowMs = Date.UTC(2026, 0, 1);
  const day = 86_400_000;
  const server = { transport: 'tls', host: 'x.test', port: 443 } as const;
  const around = { server, nowMs, caFile: undefined };
  const shaken = {
    kind: 'shaken',
    problem: undefined,
    names: 'DNS:y.test',
    issuer: 'Some CA',
    notBeforeMs: nowMs - 60 * day,
    notAfterMs: nowMs + 60 * day,
    protocol: 'TLSv1.3',
    alpn: 'ssh',
  } as const;
  const judge = (facts: Partial<TlsFacts & { kind: 'shaken' }>, caFile?: string) =>
    judgeTls({ ...shaken, ...facts }, { ...around, caFile });
  const failed = (code: string) => judgeTls({ kind: 'failed', code, reason: 'words' }, around);
  judged(t, [
    ['fine', judge({}), 'ok', /TLSv1\.3.*2026-03-02/],
    ['soon over', judge({ notAfterMs: nowMs + 3.5 * day }), 'warning', /3 days.*renew/],
    ['no ALPN', judge({ alpn: undefined }), 'warning', /ALPN/],
    [
      'expired',
      judge({ problem: 'CERT_HAS_EXPIRED', notAfterMs: nowMs - day }),
      'failed',
      /2025-12-31.*clock: it says 2026-01-01/,
    ],
    [
      'not yet valid',
      judge({ problem: 'CERT_NOT_YET_VALID', notBeforeMs: nowMs + day }),
      'failed',
      /2026-01-02.*clock/,
    ],
    [
      'for another name',
      judge({ problem: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
      'failed',
      /DNS:y\.test, not for x\.test/,
    ],
    ['by a stranger', judge({ problem: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'failed', /Some CA.*--ca FILE/],
    [
      'by another stranger',
      judge({ problem: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'ca.pem'),
      'failed',
      /ca\.pem does not hold/,
    ],
    ['no TLS', failed('ERR_SSL_WRONG_VERSION_NUMBER'), 'failed', /ssh:\/\/x\.test:443/],
    ['a web server', failed('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), 'failed', /no SSH in it/],
    ['silence', failed('ETIMEDOUT'), 'failed', /does not finish/],
    ['something else', failed('EWHAT'), 'failed', /words/],
  ]);
});

t.test('SSH', (t) => {
  const server = { host: 'x.test', port: 443 };
  const facts: SshFacts = {
    greeting: 'SSH-2.0-porthole_1\r\nbinary',
    hostKey: { fingerprint: 'SHA256:abc', problem: undefined },
    algorithms: { kex: 'curve25519-sha256', cipher: 'aes128-gcm@openssh.com' },
    reason: undefined,
  };
  const judge = (changes: Partial<SshFacts>) => judgeSsh({ ...facts, ...changes }, server);
  const unfinished = { algorithms: undefined, reason: 'no matching cipher' };
  judged(t, [
    ['a gateway', judge({}), 'ok', /porthole_1, curve25519-sha256, .*SHA256:abc/],
    ['a machine', judge({ greeting: 'SSH-2.0-OpenSSH_9.2\r\n' }), 'failed', /no Porthole gateway/],
    ['a web server', judge({ greeting: 'HTTP/1.1 400 Bad Request' }), 'failed', /speaks HTTP/],
    ['a stranger', judge({ greeting: '220 mail\r\n' }), 'failed', /something else/],
    ['nobody', judge({ greeting: '', reason: 'the connection was closed' }), 'failed', /was closed/],
    [
      'a key that is not known',
      judge({ hostKey: { fingerprint: 'x', problem: 'it is not known' } }),
      'failed',
      /not known.*compare/,
    ],
    ['no agreement', judge(unfinished), 'failed', /no matching cipher/],
  ]);
});

t.test('keys and login', (t) => {
  const key = { type: 'ssh-ed25519', getPublicSSH: () => Buffer.from('blob') };
  const identity = {
    source: 'a file',
    fingerprint: 'SHA256:abc',
    signer: { type: 'publickey', key },
  } as unknown as Identity;
  const agent = { ...identity, signer: { type: 'agent' } } as unknown as Identity;
  const no = refused('authentication', 'not authorised as pr-1');
  const open = (env: string | undefined) => judgeLogin({ kind: 'open', env, keyId: 'k' }, 'PR-1', [identity]);
  judged(t, [
    ['a key', judgeIdentities({ ok: true, value: [identity] }), 'ok', /SHA256:abc \(a file\)/],
    ['no key', judgeIdentities({ ok: false, problem: 'there is none' }), 'failed', /ssh-keygen/],
    ['logged in', open('pr-1'), 'ok', /PR-1, which is pr-1 there \(key k\)/],
    ['logged in, by its own name', open('PR-1'), 'ok', /as PR-1 \(key k\)/],
    [
      'a key that nobody knows',
      judgeLogin(no, 'pr-1', [identity]),
      'failed',
      /this line: ssh-ed25519 YmxvYg==/,
    ],
    ['an agent', judgeLogin(no, 'pr-1', [agent]), 'failed', /ssh-add -L/],
    ['a cut', judgeLogin({ kind: 'lost', reason: 'reset' }, 'pr-1', []), 'failed', /reset/],
  ]);
});

t.test('the forward and its URL', (t) => {
  const url = new URL('https://doctor-x--pr-1.x.test:8443/');
  const echo = { 'x-doctor-echo': 'nonce' };
  const facts = { url, ms: 12.4, sent: 'sent', nonce: 'nonce' };
  const answered = (status: number, headers: Record<string, string>, body = 'sent'): TripFacts => ({
    ...facts,
    result: { kind: 'answered', status, headers, body },
  });
  const failed = (code: string): TripFacts => ({
    ...facts,
    result: { kind: 'failed', code, reason: 'words' },
  });
  const gateway = { 'porthole-error': 'ERR_BUSY', 'porthole-error-id': 'abc' };
  judged(t, [
    ['offered', judgeForward({ kind: 'open', url, shareUrl: undefined }), 'ok', /doctor-x--pr-1/],
    ['refused', judgeForward({ kind: 'refused', reason: 'taken' }), 'failed', /taken.*another name/],
    ['cut', judgeForward({ kind: 'lost', reason: 'reset' }), 'failed', /reset/],
    ['round', judgeTrip(answered(200, echo)), 'ok', /came back whole \(12 ms\)/],
    ['changed', judgeTrip(answered(200, echo, 'other')), 'failed', /came back changed.*proxy/],
    ['half', judgeTrip(answered(502, echo)), 'failed', /502/],
    ['the gateway fails', judgeTrip(answered(503, gateway)), 'failed', /503 ERR_BUSY.*abc/],
    ['somebody else', judgeTrip(answered(200, { server: 'nginx' })), 'failed', /by nginx with 200/],
    ['nobody says who', judgeTrip(answered(404, {})), 'failed', /answered with 404/],
    ['no wildcard', judgeTrip(failed('ERR_TLS_CERT_ALTNAME_INVALID')), 'failed', /\*\.x\.test too/],
    ['another certificate', judgeTrip(failed('CERT_HAS_EXPIRED')), 'failed', /not trusted/],
    ['another port', judgeTrip(failed('ECONNREFUSED')), 'failed', /public-url/],
    ['something else', judgeTrip(failed('EWHAT')), 'failed', /words/],
  ]);
});

t.test('containers', (t) => {
  const facts: DockerFacts = {
    address: { kind: 'socket', paths: ['/docker.sock'] },
    project: 'shop',
    services: ['web', '(default)'],
    events: [{ event: 'docker', state: 'watching' }],
  };
  const judge = (changes: Partial<DockerFacts>) => judgeDocker({ ...facts, ...changes });
  const skipped = { event: 'container-skipped', container: 'db', reason: 'no port' } as const;
  const lost = { event: 'docker', state: 'lost', reason: 'it is not there' } as const;
  judged(t, [
    ['all of them', judge({}), 'ok', /web, \(default\) of the compose project shop/],
    ['some of them', judge({ events: [skipped] }), 'warning', /db: no port/],
    [
      'none',
      judge({ services: [], events: [skipped], project: undefined }),
      'warning',
      /no compose project.*db: no port.*porthole\.enable/,
    ],
    ['no engine', judge({ services: [], events: [lost] }), 'failed', /it is not there.*DOCKER_HOST/],
  ]);
});

t.test('services on this machine', (t) => {
  const offer = parseOffer('web=3000');
  if (!offer.ok) throw new Error(offer.problem);
  const failed = (code: string) => judgeTarget(offer.value, { kind: 'failed', code, problem: 'words' });
  judged(t, [
    ['nobody listens', failed('ECONNREFUSED'), 'failed', /127\.0\.0\.1:3000.*start the service/],
    ['no socket', failed('ENOENT'), 'failed', /nothing listens/],
    ['no host', failed('ENOTFOUND'), 'failed', /no such host/],
    ['no right', failed('EACCES'), 'failed', /may not be opened/],
    ['something else', failed('ETIMEDOUT'), 'failed', /words/],
  ]);
});

t.test('the SSH server that is offered is looked at', async (t) => {
  const read = readSshServer(
    { address: 'unix:/nowhere/sshd.sock', osUser: undefined, name: undefined, id: undefined },
    [],
    [],
  );
  const [check] = sshServerChecks(read.ok ? read.value : undefined);
  t.match(check, { name: 'ssh-server', needs: [] });
  t.match(await check?.run(), { status: 'failed', detail: /unix:\/nowhere\/sshd\.sock cannot be reached/ });
});

t.test('the SSH server that is offered', (t) => {
  const keys = ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'];
  const judge = (seen: Parameters<typeof judgeSshServer>[1]) => judgeSshServer('127.0.0.1:22', seen);
  t.same(sshServerChecks(undefined), []);
  judged(t, [
    [
      'it answers',
      judge({ kind: 'keys', keys }),
      'ok',
      /127\.0\.0\.1:22 .*ssh-ed25519 SHA256:.*, ssh-rsa SHA256:/,
    ],
    ['nobody listens', judge({ kind: 'unreachable', reason: 'refused' }), 'failed', /refused -> start it/],
    ['something else listens', judge({ kind: 'mute', reason: 'HTTP' }), 'failed', /HTTP -> say where/],
  ]);
});
