import t from 'tap';
import type { CommandValues } from '../../../core/command-values.ts';
import { auditHandlers } from '../../../server/admin/audit-command.ts';
import type { Answer } from '../../../server/admin/answer.ts';
import { replyOf } from '../../../server/admin/reply.ts';
import type { Role } from '../../../server/identity/identity.ts';
import type { AuditLine, AuditQuery } from '../../../server/store/audit-entry.ts';

const now = Date.UTC(2030, 0, 1);
const lines: readonly AuditLine[] = [
  {
    id: 7,
    at: now - 5000,
    principal: 'ana',
    fingerprint: 'SHA256:x',
    address: '192.0.2.1',
    action: 'key.add',
    target: 'ci/runner',
    result: 'ok',
    detail: { role: 'machine', env: ['pr-*', 'main'], forced: true },
  },
  { id: 8, at: now - 1000, action: 'login.refused', target: 'x ok\n\u001b[2J ana', result: 'refused' },
];

/** Asks as somebody, and gives what was asked of the audit. */
async function ask(
  values: Partial<CommandValues['audit']> = {},
  role: Role = 'admin',
  found: readonly AuditLine[] = lines,
): Promise<{ answer: Answer; query: AuditQuery | undefined }> {
  let query: AuditQuery | undefined;
  const { audit } = auditHandlers({
    audit: {
      list: (given) => {
        query = given;
        return Promise.resolve(found);
      },
    },
  });
  const identity = {
    principal: 'ana',
    role,
    envPatterns: ['*'],
    fingerprint: 'SHA256:x',
    keyId: 'x',
    source: { kind: 'stored' },
  } as const;
  const caller = { identity, address: '192.0.2.1' };
  const answer = await audit({ caller, values: { limit: 100, ...values }, stdin: undefined, now });
  return { answer, query };
}

t.test('an administrator sees everything, or what was asked for', async (t) => {
  t.same((await ask()).query, { limit: 100 });
  const asked = await ask({
    since: { kind: 'distance', ms: 1000 },
    principal: 'ben',
    action: 'key',
    limit: 5,
  });
  t.same(asked.query, { sinceMs: now - 1000, principal: 'ben', action: 'key', limit: 5 });
  t.same((await ask({ since: { kind: 'never' } })).query, { limit: 100 });
});

t.test('a member sees what it did itself, and nothing else', async (t) => {
  t.same((await ask({}, 'member')).query, { limit: 100, principal: 'ana' });
  t.same((await ask({ principal: 'ana' }, 'member')).query, { limit: 100, principal: 'ana' });
  const refused = await ask({ principal: 'ben' }, 'member');
  t.match(refused.answer, { kind: 'error', status: 3 });
  t.equal(refused.query, undefined);
});

t.test('a time to come is a mistake', async (t) => {
  const { answer, query } = await ask({ since: { kind: 'date', at: now + 1 } });
  t.match(answer, { kind: 'error', status: 2, message: /--since/ });
  t.equal(query, undefined);
});

t.test('as text: a line each, in which nothing that a stranger sent acts or misleads', async (t) => {
  const { answer } = await ask();
  const { stdout, stderr } = replyOf(answer, {});
  t.same(stdout, [
    'TIME                     WHO  WHAT           ON                     FROM       RESULT   DETAILS',
    '2029-12-31 23:59:55 UTC  ana  key.add        ci/runner              192.0.2.1  ok       role=machine env=pr-*,main forced=true with=SHA256:x',
    String.raw`2029-12-31 23:59:59 UTC  -    login.refused  "x ok\n\u001b[2J ana"  -          refused`,
  ]);
  t.same(stderr, []);
});

t.test('as JSON: an array on one line, with everything that is known', async (t) => {
  const { answer } = await ask();
  const [text = '', ...others] = replyOf(answer, { json: true }).stdout;
  t.same(others, []);
  t.match(text, /^[\x20-\x7e]*$/);
  t.same(JSON.parse(text), [
    {
      id: 7,
      time: '2029-12-31T23:59:55.000Z',
      principal: 'ana',
      fingerprint: 'SHA256:x',
      address: '192.0.2.1',
      action: 'key.add',
      target: 'ci/runner',
      result: 'ok',
      detail: { role: 'machine', env: ['pr-*', 'main'], forced: true },
    },
    {
      id: 8,
      time: '2029-12-31T23:59:59.000Z',
      principal: null,
      fingerprint: null,
      address: null,
      action: 'login.refused',
      target: 'x ok\n\u001b[2J ana',
      result: 'refused',
      detail: {},
    },
  ]);
});

t.test('it says when there is nothing, and when there may be more', async (t) => {
  t.match((await ask({}, 'admin', [])).answer, { lines: [], value: [], notes: [/nothing/] });
  t.match((await ask({ limit: 2 })).answer, { notes: [/the newest 2/] });
});
