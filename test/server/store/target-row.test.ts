import t from 'tap';
import { fromGateRows, toGateRows } from '../../../server/store/gate-row.ts';
import { fromProfileRow, toProfileRow } from '../../../server/store/profile-row.ts';
import { fromReachGrantRow, toReachGrantRow } from '../../../server/store/reach-grant-row.ts';
import { fromTargetRow, toTargetRow } from '../../../server/store/target-row.ts';
import {
  someGate,
  someGrant,
  someHostKey,
  someProfile,
  someTarget,
  targetId,
} from '../../support/memory-book.ts';
import { someFingerprint } from '../../support/visit-records.ts';

const key = { fingerprint: someFingerprint, addedAt: 1, addedBy: 'root' };

t.test('records are the same when they are read again', (t) => {
  const targets = [
    someTarget(),
    someTarget({
      ...{ osUser: 'deploy', osUsers: ['root', 'a.b@c'], longestCertificateMs: 1, takesCertificates: true },
      ...{ reach: 'owner', services: ['ssh'], lastSeenAt: 0, origin: 'added' },
      unconfirmed: { hostKeys: [someHostKey], machineKey: someFingerprint, at: 3 },
    }),
  ];
  for (const record of targets) t.same(fromTargetRow(toTargetRow(record)), { ok: true, record });
  for (const record of [someProfile(), someProfile({ osUser: 'x', identityFile: '~/a "b"' })])
    t.same(fromProfileRow(toProfileRow(record)), { ok: true, record });
  const gates = [
    someGate({ host: '2001:db8::1', port: 1 }),
    someGate({ keys: [key], targets: [targetId(2), targetId(1)], isDefault: true }),
    someGate({ keys: [], targets: [] }),
  ];
  for (const record of gates) t.same(fromGateRows(toGateRows(record)), { ok: true, record });
  for (const record of [
    someGrant(),
    someGrant({ owner: 'ana', services: ['db'], osUsers: ['x'], expiresAt: 5 }),
  ])
    t.same(fromReachGrantRow(toReachGrantRow(record)), { ok: true, record });
  t.end();
});

t.test('parts of a millisecond are no reason to lose one', (t) => {
  const unconfirmed = { hostKeys: [someHostKey], machineKey: someFingerprint, at: 1.5 };
  t.match(fromTargetRow(toTargetRow(someTarget({ createdAt: 1.5, lastSeenAt: 2.5, unconfirmed }))), {
    record: { createdAt: 1, lastSeenAt: 2, unconfirmed: { at: 1 } },
  });
  t.end();
});

t.test('a row of which something makes no sense is none', (t) => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ id: 'x' }, /^id/],
    [{ name: 'a b' }, /^name/],
    [{ owner: '' }, /^owner/],
    [{ os_user: '-oProxyCommand=x' }, /^os_user: is no user name/],
    [{ host_keys: '["ssh-ed25519 AAAA\\nHost *"]' }, /^host_keys/],
    [{ host_keys: '["ssh-dss AAAA"]' }, /unknown type/],
    [{ host_keys: JSON.stringify(Array.from({ length: 17 }, () => someHostKey)) }, /^host_keys/],
    [{ host_keys: '{' }, /^host_keys/],
    [{ unconfirmed: '{}' }, /^unconfirmed/],
    [{ machine_key: 'x' }, /^machine_key/],
    [{ takes_certificates: 2 }, /^takes_certificates/],
    [{ services: '["1"]' }, /^services/],
    [{ reach: 'anybody' }, /^reach/],
    [{ longest_certificate_ms: 0 }, /^longest_certificate_ms/],
    [{ created_at: -1 }, /^created_at/],
  ];
  for (const [change, problem] of cases)
    t.match(fromTargetRow({ ...toTargetRow(someTarget()), ...change }), { ok: false, problem });
  t.match(fromProfileRow({ ...toProfileRow(someProfile()), identity_file: 'a\nb' }), { ok: false });
  t.match(fromReachGrantRow({ ...toReachGrantRow(someGrant()), env_patterns: '["A"]' }), {
    ok: false,
    problem: 'env_patterns.0: is no pattern',
  });
  const { gate, ...rest } = toGateRows(someGate());
  t.match(fromGateRows({ ...rest, gate: { ...gate, host: 'a b' } }), { ok: false, problem: /^host/ });
  t.end();
});

t.test('what of a gate`s lists makes no sense lets nobody in', (t) => {
  const rows = toGateRows(someGate({ keys: [key], targets: [targetId(1)] }));
  const keys = [...rows.keys, { ...rows.keys[0]!, fingerprint: 'x' }];
  const targets = [...rows.targets, { ...rows.targets[0]!, target: 'x' }];
  t.match(fromGateRows({ ...rows, keys, targets }), {
    ok: true,
    record: { keys: [key], targets: [targetId(1)] },
  });
  t.end();
});
