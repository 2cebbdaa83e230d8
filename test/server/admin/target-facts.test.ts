import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import {
  gatesTo,
  hostKeyFingerprint,
  hostKeyText,
  targetColumns,
  targetJson,
  targetLines,
  targetRow,
  warningOf,
} from '../../../server/admin/target-facts.ts';
import { someGate, someTarget } from '../../support/memory-book.ts';
import { publicKey } from '../../support/public-keys.ts';

const now = Date.UTC(2026, 10, 22, 12);
const [old, other] = [publicKey(), publicKey(2048)];
const moment = { online: false, principal: 'ana', gates: ['default'], now };
const plain = someTarget({ hostKeys: [old.line], lastSeenAt: now - 3_600_000, osUser: 'dev' });
const changed = someTarget({
  hostKeys: [old.line],
  unconfirmed: { hostKeys: [old.line, other.line], machineKey: plain.machineKey ?? '', at: now - 1000 },
});

t.test('host keys as OpenSSH prints them', (t) => {
  t.equal(hostKeyFingerprint(old.line), fingerprint(old.blob));
  t.equal(hostKeyText(other.line), `${other.fingerprint} (RSA)`);
  t.match(hostKeyText('odd AAAA'), / \(ODD\)$/);
  t.match(hostKeyFingerprint('nothing'), /^SHA256:/);
  t.end();
});

t.test('the warning says what differs', (t) => {
  t.equal(warningOf(plain), undefined);
  t.match(
    warningOf(changed),
    `WARNING: since 2026-11-22 11:59:59 UTC pr-42 shows host keys that nobody has confirmed: ${other.fingerprint} (RSA). It may be another machine. If it is the right one: target trust pr-42`,
  );
  const moved = someTarget({ unconfirmed: { hostKeys: plain.hostKeys, machineKey: 'SHA256:x', at: now } });
  t.match(warningOf(moved), /dials in with another key than before: SHA256:x/);
  const both = { ...changed, machineKey: 'SHA256:before' };
  t.match(warningOf(both), /confirmed: .*; and it dials in with another key/);
  const fewer = someTarget({
    hostKeys: [old.line, other.line],
    unconfirmed: { hostKeys: [old.line], machineKey: plain.machineKey ?? '', at: now },
  });
  t.match(warningOf(fewer), /says other things of itself than before/);
  t.end();
});

t.test('for programs', (t) => {
  t.match(targetJson(plain, moment), {
    ...{
      id: plain.id,
      name: 'pr-42',
      env: 'pr-42',
      owner: 'ana',
      own: true,
      osUser: 'dev',
      state: 'offline',
    },
    ...{ lastSeen: '2026-11-22T11:00:00.000Z', hostKeys: [old.line], fingerprints: [old.fingerprint] },
    ...{
      unconfirmed: null,
      warning: null,
      certificates: false,
      longestCertificate: null,
      gates: ['default'],
    },
  });
  t.match(targetJson(changed, { ...moment, online: true, principal: 'eve' }), {
    ...{ own: false, osUser: null, state: 'online', lastSeen: '2026-11-22T12:00:00.000Z' },
    unconfirmed: { since: '2026-11-22T11:59:59.000Z', fingerprints: [old.fingerprint, other.fingerprint] },
    warning: /^WARNING/,
  });
  t.match(targetJson(someTarget({ longestCertificateMs: 600_000 }), moment), {
    longestCertificate: '10m',
    lastSeen: null,
  });
  t.end();
});

t.test('for people', (t) => {
  t.equal(targetRow(plain, moment).length, targetColumns.length);
  t.match(targetRow(plain, moment), ['pr-42', 'pr-42', 'you', 'dev', 'offline, seen 60 minutes ago', 'no']);
  t.match(targetRow(changed, { ...moment, principal: 'eve' }), [
    ...['pr-42', 'pr-42', 'ana', '-', 'never online, unconfirmed!'],
  ]);
  const lines = targetLines(
    {
      ...changed,
      takesCertificates: true,
      osUsers: ['dev'],
      longestCertificateMs: 600_000,
      services: ['ssh'],
    },
    { ...moment, online: true, gates: [] },
  ).join('\n');
  t.match(
    lines,
    /state +online\n +host key +SHA256:\S+ \(ED25519\)\n +unconfirmed +SHA256:\S+ .*\n +SHA256:\S+ \(RSA\)/,
  );
  t.match(
    lines,
    /certificates +yes for dev, of 10m at most\n +reach +members.*\n +services +ssh\n +gates +none/,
  );
  t.match(targetLines({ ...plain, takesCertificates: true }, moment).join('\n'), /certificates +yes\n/);
  t.end();
});

t.test('the gates that lead there', (t) => {
  const gates = [
    someGate({ name: 'b' }),
    someGate({ name: 'a', targets: [plain.id] }),
    someGate({ name: 'c', targets: [] }),
  ];
  t.same(gatesTo(plain, gates), ['a', 'b']);
  t.end();
});
