import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import type { CommandValues } from '../../../core/command-values.ts';
import { PortholeError } from '../../../core/errors.ts';
import type { Answer } from '../../../server/admin/answer.ts';
import { certHandlers } from '../../../server/admin/cert-command.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { IssueRequest } from '../../../server/identity/issuer.ts';
import { newKey, recordOf } from '../../support/key-records.ts';
import { MemoryKeys } from '../../support/memory-keys.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const key = makeKey(t);
const listed = makeKey(t);
const now = Date.UTC(2028, 0, 1);
const hour = 3_600_000;

const member: Identity = {
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*', 'main'],
  fingerprint: fingerprint(key.blob),
  keyId: 'k',
  source: { kind: 'stored' },
};

function commands() {
  const requests: IssueRequest[] = [];
  const handlers = certHandlers({
    keys: new MemoryKeys([recordOf(newKey(key))]),
    fileKeys: () => [recordOf(newKey(listed, { source: 'file' }))],
    certTtlMs: 24 * hour,
    issuer: {
      issue: (request) => {
        requests.push(request);
        return Promise.resolve({ line: 'the certificate', serial: '7', expiresAt: request.expiresAt });
      },
    },
  });
  const cert = (identity: Partial<Identity> = {}, values: CommandValues['cert'] = {}): Promise<Answer> =>
    handlers.cert({
      caller: { identity: { ...member, ...identity }, address: '192.0.2.1' },
      values,
      stdin: undefined,
      now,
    });
  return { cert, requests };
}

t.test('for the key that the caller logged in with, as little as is asked for', async (t) => {
  const { cert, requests } = commands();
  t.match(await cert(), {
    kind: 'answer',
    lines: ['the certificate'],
    value: { serial: '7', role: 'machine' },
  });
  t.match(requests.at(-1), {
    principal: 'ana',
    role: 'machine',
    envPatterns: ['pr-*', 'main'],
    expiresAt: now + 8 * hour,
    issuedFor: member.fingerprint,
    by: { principal: 'ana', address: '192.0.2.1', fingerprint: member.fingerprint },
  });
  t.ok(Buffer.from(requests.at(-1)?.key.blob ?? []).equals(key.blob));
  await cert({}, { ttl: 24 * hour, role: 'member', env: ['pr-1*', 'pr-1*'] });
  t.match(requests.at(-1), { role: 'member', envPatterns: ['pr-1*'], expiresAt: now + 24 * hour });
  await cert({ fingerprint: fingerprint(listed.blob), source: { kind: 'file' } });
  t.ok(Buffer.from(requests.at(-1)?.key.blob ?? []).equals(listed.blob), 'a key of the file, too');
});

t.test('it ends with the key at the latest', async (t) => {
  const { cert, requests } = commands();
  await cert({ expiresAt: now + hour });
  t.equal(requests[0]?.expiresAt, now + hour);
  await cert({ role: 'admin', expiresAt: now + hour }, { role: 'admin' });
  t.equal(requests[1]?.expiresAt, now + hour, 'for an administrator, too');
});

t.test('never more than the caller has, and never by a certificate', async (t) => {
  const { cert, requests } = commands();
  const certificate = {
    kind: 'certificate',
    serial: '1',
    certificateId: 'ana',
    authority: 'SHA256:x',
  } as const;
  const refused: readonly (readonly [Partial<Identity>, CommandValues['cert'], number, RegExp])[] = [
    [{}, { role: 'admin' }, 3, /you are a member/],
    [{}, { env: ['*'] }, 3, /the pattern \*/],
    [{ envPatterns: [] }, { env: ['pr-1'] }, 3, /the pattern pr-1/],
    [{}, { ttl: 25 * hour }, 2, /at most 1d/],
    [{}, { ttl: 1000 }, 2, /at least 1m/],
    [{ source: certificate }, {}, 3, /with a certificate/],
    [{ source: { kind: 'open' } }, {}, 3, /your key is not known/],
    [{ fingerprint: 'SHA256:gone' }, {}, 3, /not known here any more/],
  ];
  for (const [identity, values, status, message] of refused)
    t.match(await cert(identity, values), { kind: 'error', status, message });
  t.equal(requests.length, 0);
});

t.test('a gateway without an authority says so', async (t) => {
  const handlers = certHandlers({
    keys: new MemoryKeys([recordOf(newKey(key))]),
    fileKeys: () => [],
    certTtlMs: hour,
    issuer: { issue: () => Promise.reject(new PortholeError('ERR_NO_AUTHORITY')) },
  });
  const caller = { identity: member, address: '192.0.2.1' };
  await t.rejects(handlers.cert({ caller, values: {}, stdin: undefined, now }), { code: 'ERR_NO_AUTHORITY' });
});
