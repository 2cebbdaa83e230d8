import t from 'tap';
import { importAnswer, isLiveOf, keptAnswer } from '../../../server/admin/import-report.ts';
import type { ImportReport } from '../../../server/identity/key-imports.ts';
import type { KeptImport } from '../../../server/identity/kept-import.ts';
import { storedKey } from '../../support/memory-keys.ts';

const kept: KeptImport = {
  source: 'github:ana',
  principal: 'ana',
  role: 'machine',
  envPatterns: ['pr-*', 'main'],
  createdAt: 1000,
  createdBy: 'root',
  check: {},
};
const nothing: ImportReport = {
  added: [],
  returned: [],
  unchanged: [],
  revoked: [],
  passedOver: [],
  skipped: [],
  problems: [],
};
const context = { terms: kept, keep: true, now: 5000, intervalMs: 3_600_000 };
const key = storedKey({ fingerprint: 'SHA256:abc', envPatterns: ['main', 'pr-*'] });

t.test('says of each key what became of it', async (t) => {
  const report = { ...nothing, added: [key], returned: [key], unchanged: [key], revoked: [key] };
  const answer = importAnswer(report, context);
  const text = answer.kind === 'answer' ? answer.lines.join('\n') : '';
  for (const title of ['added:', 'listed again', 'revoked', 'there already']) t.match(text, title);
  t.match(text, /ana\/laptop\s+ed25519 256\s+SHA256:abc/);
  t.same(answer.kind === 'answer' && answer.notes, undefined, 'the order of patterns makes no difference');
});

t.test('what was not done is in the notes', async (t) => {
  const report = {
    ...nothing,
    unchanged: [{ ...key, expiresAt: 9000 }],
    passedOver: [{ fingerprint: 'SHA256:x', why: 'it is there' }],
    skipped: [{ line: 2, problem: 'it is weak' }],
    problems: ['no'],
  };
  t.match(importAnswer(report, context), {
    notes: [/SHA256:x: it is there/, /line 2.*weak/, /^no$/, /ana\/laptop/],
  });
});

t.test('lists imports that were never looked at', async (t) => {
  t.match(keptAnswer([{ kept, live: 3 }], context), {
    value: [{ source: 'github:ana', keys: 3, checked: null, inStep: null, expires: null }],
    lines: [/^SOURCE/, /^github:ana  ana  +machine  pr-\*, main  3  +never  +never  +in step$/],
  });
});

t.test(
  'the keys of an import are those that it brought, for its principal, and that may still log in',
  async (t) => {
    const own = storedKey({ fingerprint: 'SHA256:abc', source: 'import github:ana' });
    t.equal(isLiveOf(own, kept), true);
    t.equal(isLiveOf(key, kept), false);
    t.equal(isLiveOf({ ...own, principal: 'bo' }, kept), false);
    t.equal(isLiveOf({ ...own, revokedAt: 1 }, kept), false);
  },
);
