import t from 'tap';
import type { Identity } from '../../../server/identity/identity.ts';
import {
  blockedEntry,
  forwardRefusedEntry,
  loginEntry,
  takeoverEntry,
  tunnelEndEntry,
} from '../../../server/ssh/audit-trail.ts';

const identity: Identity = {
  principal: 'ana',
  role: 'member',
  envPatterns: ['*'],
  fingerprint: 'SHA256:a',
  keyId: 'a',
  source: { kind: 'stored' },
};
const who = { identity, env: 'pr-1' };
const tunnel = { id: 't1', remoteAddress: '192.0.2.1', openedAt: 1000 };
const common = { principal: 'ana', fingerprint: 'SHA256:a', address: '192.0.2.1', target: 'pr-1' };

t.test('a login: who, with which key, from where, as what, and what speaks for the key', (t) => {
  const ok = { kind: 'ok', env: 'pr-1', address: '192.0.2.1' } as const;
  t.same(loginEntry({ ...ok, identity }, 5), {
    at: 5,
    ...common,
    action: 'login',
    result: 'ok',
    detail: { role: 'member', source: 'stored' },
  });
  const source = { kind: 'certificate', serial: '7', certificateId: 'ci', authority: 'SHA256:ca' } as const;
  t.same(loginEntry({ ...ok, identity: { ...identity, source } }, 5)?.detail, {
    role: 'member',
    source: 'certificate',
    serial: '7',
    certificateId: 'ci',
    authority: 'SHA256:ca',
  });
  t.end();
});

t.test('a refused login: which keys were offered, for which name, and why not', (t) => {
  const attempt = { user: 'root', reason: 'this key is not known here', tries: 2 };
  const failed = { kind: 'failed', why: 'refused', address: '192.0.2.9' } as const;
  t.same(loginEntry({ ...failed, attempt: { ...attempt, fingerprints: ['SHA256:x', 'SHA256:y'] } }, 5), {
    at: 5,
    fingerprint: 'SHA256:y',
    address: '192.0.2.9',
    action: 'login.refused',
    target: 'root',
    result: 'refused',
    detail: { reason: 'this key is not known here', tries: 2, others: ['SHA256:x'] },
  });
  t.same(loginEntry({ ...failed, attempt: { ...attempt, fingerprints: [] } }, 5)?.detail, {
    reason: 'this key is not known here',
    tries: 2,
  });
  t.equal(loginEntry({ ...failed, why: 'nothing' }), undefined, 'who tried nothing is no news');
  t.end();
});

t.test('what happens to a tunnel', (t) => {
  t.same(tunnelEndEntry(who, tunnel, 'the client disconnected', 61_400), {
    at: 61_400,
    ...common,
    action: 'tunnel.end',
    result: 'ok',
    detail: { reason: 'the client disconnected', tunnelId: 't1', seconds: 60 },
  });
  const refusal = {
    request: { kind: 'tcpip', bindAddr: 'web\u001b', bindPort: 80 },
    reason: 'no such option',
  } as const;
  t.match(forwardRefusedEntry(who, tunnel, refusal, 5), {
    ...common,
    action: 'forward.refused',
    result: 'refused',
    detail: { reason: 'no such option', request: '-R web?:80', tunnelId: 't1' },
  });
  t.match(takeoverEntry(who, tunnel, { service: 'web', from: ['t0'] }, 5), {
    ...common,
    action: 'tunnel.takeover',
    detail: { service: 'web', tunnelId: 't1', from: ['t0'] },
  });
  t.notOk('service' in (takeoverEntry(who, tunnel, { service: undefined, from: [] }).detail ?? {}));
  t.end();
});

t.test('a source that is blocked', (t) => {
  t.same(blockedEntry({ source: '192.0.2.9', forMs: 1000 }, 0), {
    at: 0,
    address: '192.0.2.9',
    action: 'login.blocked',
    result: 'refused',
    detail: { reason: 'too many failed logins: blocked for 1s', until: '1970-01-01T00:00:01.000Z' },
  });
  t.end();
});
