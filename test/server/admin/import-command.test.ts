import t from 'tap';
import { importHandlers } from '../../../server/admin/import-command.ts';
import type { Fetched } from '../../../server/identity/fetch-listing.ts';
import type { Caller } from '../../../server/identity/key-record.ts';
import { KeyImports } from '../../../server/identity/key-imports.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { createLog } from '../../support/log-lines.ts';
import { MemoryImports } from '../../support/memory-imports.ts';
import { MemoryKeys, storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const one = publicKey();
const two = publicKey();
const now = Date.UTC(2030, 0, 1);
const caller: Caller = {
  identity: {
    principal: 'root',
    role: 'admin',
    envPatterns: ['*'],
    fingerprint: 'SHA256:root',
    keyId: 'abc',
    source: { kind: 'stored' },
  },
  address: '127.0.0.1',
};

function stage(lines: readonly string[] | Fetched, keys = new MemoryKeys()) {
  const audit: AuditEntry[] = [];
  const answer = {
    next: Array.isArray(lines) ? { kind: 'listing' as const, text: lines.join('\n') } : (lines as Fetched),
  };
  const imports = new KeyImports({
    keys,
    inFile: () => undefined,
    kept: new MemoryImports(),
    log: createLog().log,
    fetch: () => Promise.resolve(answer.next),
    now: () => now,
  });
  const recorder = { record: (entry: AuditEntry) => audit.push(entry) };
  const handlers = importHandlers({ imports, keys, audit: recorder, intervalMs: 3_600_000 });
  const about = { caller, stdin: undefined, now };
  return {
    keys,
    audit,
    answer,
    import: (values: Parameters<(typeof handlers)['key import']>[0]['values']) =>
      handlers['key import']({ ...about, values }),
    imports: () => handlers['key imports']({ ...about, values: {} }),
    stop: (source: string) => handlers['key import-stop']({ ...about, values: { source } }),
  };
}

t.test('imports as little as may be, when nothing else is said', async (t) => {
  const { import: run, keys } = stage([one.line]);
  t.match(await run({ source: 'github:ana' }), {
    kind: 'answer',
    value: {
      source: 'github:ana',
      principal: 'github:ana',
      role: 'machine',
      env: ['*'],
      expires: null,
      kept: false,
      added: [{ name: 'github-1', fingerprint: one.fingerprint, source: 'import github:ana' }],
      revoked: [],
    },
  });
  t.match(keys.byFingerprint(one.fingerprint), { role: 'machine', createdBy: 'root' });
});

t.test('with what is said', async (t) => {
  const { import: run } = stage([`${one.line} desk`]);
  const answer = await run({
    source: 'https://git.example.com/ana',
    principal: 'ana',
    role: 'member',
    env: ['pr-*', 'pr-*'],
    expires: { kind: 'distance', ms: 86_400_000 },
    keep: true,
  });
  t.match(answer, {
    value: {
      source: 'git.example.com:ana',
      principal: 'ana',
      role: 'member',
      env: ['pr-*'],
      expires: '2030-01-02T00:00:00.000Z',
      kept: true,
      added: [{ name: 'desk', expires: '2030-01-02T00:00:00.000Z' }],
    },
    lines: [/added/, /ana\/desk/],
  });
  t.match(answer.kind === 'answer' && answer.lines.join('\n'), /2030-01-02 00:00:00 UTC.*every 60 minutes/s);
});

t.test('mistakes are told as such', async (t) => {
  const { import: run } = stage([one.line]);
  t.match(await run({ source: 'ana' }), { kind: 'error', status: 2 });
  t.match(await run({ source: 'https://meta.sr.ht/~ana' }), { status: 2, message: /--principal/ });
  t.match(await run({ source: 'github:ana', expires: { kind: 'now' } }), { status: 2 });
  t.match(await run({ source: 'github:ana', expires: { kind: 'date', at: 5 } }), {
    status: 2,
    message: /has passed/,
  });
});

t.test('a failure is told and noted', async (t) => {
  const { import: run, audit } = stage({ kind: 'failed', problem: 'github.com answered 500' });
  t.match(await run({ source: 'github:ana' }), {
    kind: 'error',
    status: 1,
    message: 'github.com answered 500; nothing was imported',
  });
  t.match(audit, [
    {
      principal: 'root',
      action: 'key.import',
      target: 'github:ana',
      result: 'failed',
      detail: { reason: /500/ },
    },
  ]);
});

t.test('what was not taken is told', async (t) => {
  const keys = new MemoryKeys([storedKey({ fingerprint: two.fingerprint, principal: 'bo' })]);
  const { import: run } = stage([one.line, two.line, publicKey(1024).line], keys);
  const answer = await run({ source: 'github:ana' });
  t.match(answer.kind === 'answer' && answer.notes, [/not taken: SHA256:.*bo\/laptop/, /not taken: line 3/]);
});

t.test('keys that are there keep what they have, and that is told', async (t) => {
  const { import: run } = stage([one.line]);
  await run({ source: 'github:ana' });
  t.match(await run({ source: 'github:ana', role: 'member' }), {
    value: { added: [], unchanged: [{ role: 'machine' }] },
    notes: [/key rm.*github:ana\/github-1/],
  });
});

t.test('an account that is kept in step: what is not said again stays', async (t) => {
  const { import: run, imports, answer } = stage([one.line]);
  const expires = { kind: 'distance', ms: 1000 } as const;
  await run({ source: 'github:ana', principal: 'ana', role: 'member', env: ['pr-*'], expires, keep: true });
  answer.next = { kind: 'listing', text: two.line };
  const again = { principal: 'ana', role: 'member', env: ['pr-*'], kept: true, revoked: [{}], added: [{}] };
  t.match(await run({ source: 'github:ana' }), { value: { ...again, expires: '2030-01-01T00:00:01.000Z' } });
  t.match(await run({ source: 'github:ana', expires: { kind: 'never' } }), { value: { expires: null } });
  t.match(await imports(), { value: [{ expires: null, principal: 'ana', role: 'member', env: ['pr-*'] }] });
  t.match(await run({ source: 'github:ana', principal: 'bo' }), {
    status: 1,
    message: /import-stop github:ana/,
  });
});

t.test('lists what is kept in step, with its problem', async (t) => {
  const { import: run, imports, stop } = stage([one.line]);
  t.match(await imports(), { value: [], notes: ['no account is kept in step'] });
  await run({ source: 'github:ana', role: 'admin', keep: true });
  t.match(await imports(), {
    value: [
      {
        source: 'github:ana',
        principal: 'github:ana',
        keys: 1,
        createdBy: 'root',
        inStep: '2030-01-01T00:00:00.000Z',
        problem: null,
        problemSince: null,
      },
    ],
    lines: [/SOURCE/, /github:ana.*in step/],
  });
  t.match(await stop('https://github.com/ana'), { value: { source: 'github:ana', keys: [one.fingerprint] } });
  t.match(await stop('github:ana'), { kind: 'error', status: 1 });
  t.match(await stop('ana'), { kind: 'error', status: 2 });
});

t.test('a problem is told with its beginning', async (t) => {
  const { import: run, imports, answer } = stage([one.line]);
  await run({ source: 'github:ana', role: 'admin', keep: true });
  answer.next = { kind: 'listing', text: '' };
  t.match(await run({ source: 'github:ana' }), { notes: [/last key of an admin/] });
  t.match(await imports(), {
    value: [{ problem: /last key of an admin/, problemSince: '2030-01-01T00:00:00.000Z' }],
    lines: [/SOURCE/, /0 seconds ago +problem$/],
    notes: [/github:ana, since 2030-01-01 00:00:00 UTC: /],
  });
});

t.test('nothing of a private key is repeated', async (t) => {
  const { import: run, audit } = stage([
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'b3BlbnNzaC1rZXktdjEAAAAAs3cret',
  ]);
  const answer = await run({ source: 'github:ana' });
  t.match(answer, { kind: 'error', message: /an OpenSSH private key/ });
  t.notMatch(JSON.stringify([answer, audit]), /s3cret/);
});
