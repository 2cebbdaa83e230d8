import t from 'tap';
import { ApiTokens } from '../../../server/access/api-tokens.ts';
import { apiTokenHandlers } from '../../../server/admin/api-token-command.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { Caller } from '../../../server/identity/key-record.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { adminSetting, givenAt, identityOf } from '../../support/admin-setting.ts';
import { PlainSealer } from '../../support/door.ts';

const hourMs = 3_600_000;

function setting() {
  const apiTokens = new ApiTokens({ sealer: new PlainSealer(), host: 'preview.test', now: () => givenAt });
  const noted: AuditEntry[] = [];
  const handlers = apiTokenHandlers({
    apiTokens,
    apiUrl: () => 'https://preview.test/_porthole/api',
    audit: { record: (entry) => void noted.push(entry) },
  });
  const admin = adminSetting({ handlers });
  const give = (words: string, identity: Partial<Identity> = {}, caller: Partial<Caller> = {}) =>
    admin.admin.run(words.split(' '), {
      caller: () => ({
        ok: true,
        value: {
          identity: identityOf({ principal: 'ana', role: 'member', ...identity }),
          address: '192.0.2.1',
          ...caller,
        },
      }),
      readInput: () => Promise.reject(new Error('unused')),
    });
  const lifeOf = async (...args: Parameters<typeof give>): Promise<number> => {
    const { stdout } = await give(...args);
    const said = apiTokens.accountOf(stdout[0] ?? '');
    return said?.kind === 'good' ? said.expiresAt - givenAt : NaN;
  };
  return { ...admin, apiTokens, noted, give, lifeOf };
}

t.test('one line with the token, and what it is; the audit has its id alone', async (t) => {
  const { give, noted, apiTokens } = setting();
  const { stdout, stderr, status } = await give('api-token');
  t.equal(status, 0);
  t.match(stdout, [/^pha_[\w.-]+$/]);
  t.match(stderr, [
    /until .*, or until the key is revoked/,
    /https:\/\/preview\.test\/_porthole\/api\/target\/list/,
  ]);
  t.match(apiTokens.accountOf(stdout[0] ?? ''), {
    account: { principal: 'ana', fingerprint: 'SHA256:caller' },
  });
  t.match(noted, [
    {
      action: 'api-token.create',
      target: 'ana',
      result: 'ok',
      detail: { id: /^[a-z2-7]{12}$/, until: '2026-11-22T16:00:00.000Z' },
    },
  ]);
  t.notMatch(JSON.stringify(noted), /pha_/);
  const json = JSON.parse((await give('api-token --json')).stdout[0] ?? '') as unknown;
  t.match(json, {
    token: /^pha_/,
    id: String,
    account: 'ana',
    expires: '2026-11-22T16:00:00.000Z',
    url: /api$/,
  });
});

t.test('it lives for an hour, or as long as is said, and no longer than what it is made by', async (t) => {
  const { give, lifeOf } = setting();
  t.equal(await lifeOf('api-token'), hourMs);
  t.equal(await lifeOf('api-token --ttl 24h'), 24 * hourMs);
  t.equal(await lifeOf('api-token --ttl 1m'), 60_000);
  t.match(await give('api-token --ttl 25h'), { status: 2, stderr: [/at most 1d|at most 24h/] });
  t.match(await give('api-token --ttl 59s'), { status: 2, stderr: [/at least 1m/] });
  t.equal(await lifeOf('api-token', { expiresAt: givenAt + 1000 }), 1000, 'its key');
  const via = { kind: 'api-token', id: 'x', until: givenAt + 5000 } as const;
  t.equal(await lifeOf('api-token --ttl 24h', {}, { via }), 5000, 'a token does not renew itself');
});

t.test('machines get none', async (t) => {
  const { give, noted } = setting();
  t.match(await give('api-token', { role: 'machine' }), { status: 3, stdout: [] });
  t.same(noted, []);
});

t.test('a certificate that says too much is told so', async (t) => {
  const { give } = setting();
  const source = { kind: 'certificate', serial: '1', certificateId: 'x', authority: 'SHA256:ca' } as const;
  const envPatterns = Array.from({ length: 32 }, (_, at) => `${'x'.repeat(80)}-${String(at)}`);
  t.match(await give('api-token', { source, envPatterns }), { status: 1, stderr: [/too much/] });
});
