import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import type { Fetched } from '../../../server/identity/fetch-listing.ts';
import { parseImportSource } from '../../../server/identity/import-source.ts';
import { KeyImports, type ImportRequest } from '../../../server/identity/key-imports.ts';
import type { ImportTerms } from '../../../server/identity/kept-import.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import { createLog } from '../../support/log-lines.ts';
import { MemoryImports } from '../../support/memory-imports.ts';
import { MemoryKeys, storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const one = publicKey();
const two = publicKey();
const three = publicKey();
const day = 86_400_000;
const by = { principal: 'root', fingerprint: 'SHA256:root', address: '127.0.0.1' };

function parsed(text: string) {
  const source = parseImportSource(text);
  if (!source.ok) throw new Error(source.problem);
  return source.value;
}

const source = parsed('github:ana');
const usual: ImportTerms = {
  source: source.name,
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*'],
  createdBy: 'root',
};

/** An account whose listing a test decides about, and a gateway that imports it. */
class Stage {
  readonly keys: MemoryKeys;
  readonly kept = new MemoryImports();
  readonly file = new Map<string, { principal: string }>();
  readonly logged: ReturnType<typeof createLog>;
  readonly asked: string[] = [];
  readonly imports: KeyImports;
  answer: Fetched | (() => Promise<Fetched>) = listing();
  now = 20_000 * day;

  constructor(known: readonly KeyRecord[] = []) {
    this.keys = new MemoryKeys(known);
    this.logged = createLog();
    this.imports = new KeyImports({
      keys: this.keys,
      inFile: (fingerprint) => this.file.get(fingerprint),
      kept: this.kept,
      log: this.logged.log,
      fetch: (url) => {
        this.asked.push(url);
        return typeof this.answer === 'function' ? this.answer() : Promise.resolve(this.answer);
      },
      now: () => this.now,
    });
  }

  import(request: Partial<ImportRequest> = {}) {
    return this.imports.import({ source, terms: usual, keep: false, by, ...request });
  }

  /** The names of the keys that may log in. */
  get live(): string[] {
    return [...this.keys.all()].filter((key) => key.revokedAt === undefined).map(({ name }) => name);
  }

  async check() {
    await this.imports.check(source.name);
    return (await this.kept.find(source.name))?.check;
  }
}

function listing(...lines: readonly { line: string }[]): Fetched {
  return { kind: 'listing', text: lines.map(({ line }) => `${line}\n`).join('') };
}

t.test('imports what an account lists, with the terms that were asked for', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, { line: `${two.line} ana@laptop` });
  const outcome = await stage.import({ terms: { ...usual, expiresAt: stage.now + day } });
  t.match(outcome, { kind: 'imported', report: { added: [{ name: 'github-1' }, { name: 'ana@laptop' }] } });
  t.same(stage.asked, ['https://github.com/ana.keys']);
  t.match(stage.keys.byFingerprint(one.fingerprint), {
    principal: 'ana',
    role: 'member',
    envPatterns: ['pr-*'],
    type: 'ssh-ed25519',
    bits: 256,
    blob: one.blob.toString('base64'),
    source: 'import github:ana',
    createdBy: 'root',
    createdAt: stage.now,
    expiresAt: stage.now + day,
  });
  t.match(stage.keys.audit, [
    {
      ...by,
      action: 'key.import',
      target: 'github:ana',
      result: 'ok',
      detail: { for: 'ana', role: 'member' },
    },
  ]);
  t.same(await stage.imports.all(), [], 'it is not kept in step unless that is asked for');
  await stage.import({ keep: true });
  t.match(
    stage.keys.audit.map(({ detail }) => detail),
    [{ kept: false }, { kept: true, added: [] }],
    'that it is kept is noted too',
  );
});

t.test('done again it adds what is new, and revokes nothing', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import();
  stage.answer = listing(two);
  t.match(await stage.import(), { kind: 'imported', report: { added: [{}], revoked: [] } });
  t.same(stage.live, ['github-1', 'github-2']);
});

const failures: readonly (readonly [what: string, answer: Fetched, problem: RegExp])[] = [
  ['a server that fails', { kind: 'failed', problem: 'github.com answered 500' }, /answered 500/],
  ['no such account', { kind: 'absent', problem: 'github.com knows no such account' }, /no such account/],
  ['an account without keys', listing(), /lists no keys/],
  ['a page', { kind: 'listing', text: 'Not found' }, /no public key/],
  ['only weak keys', listing(publicKey(1024)), /no key that could be imported: line 1/],
];

for (const [what, answer, problem] of failures) {
  t.test(`${what}: nothing is imported, and nothing kept in step`, async (t) => {
    const stage = new Stage();
    stage.answer = answer;
    t.match(await stage.import({ keep: true }), { kind: 'failed', problem });
    t.same(stage.live, []);
    t.same(await stage.imports.all(), []);
  });
}

t.test('a key that somebody has already is told, and left to them', async (t) => {
  const stage = new Stage([storedKey({ fingerprint: one.fingerprint, principal: 'bo' })]);
  stage.file.set(three.fingerprint, { principal: 'op' });
  stage.answer = listing(one, two, three);
  t.match(await stage.import(), {
    report: {
      added: [{ fingerprint: two.fingerprint }],
      passedOver: [{ why: /bo\/laptop/ }, { why: /file/ }],
    },
  });
  t.match(stage.keys.byFingerprint(one.fingerprint), { principal: 'bo', role: 'machine' });
  stage.answer = listing(one);
  t.match(await stage.import({ source: parsed('gitlab:ana') }), { kind: 'failed', problem: /bo\/laptop/ });
});

t.test('a kept account: what appears is added, and what vanishes is revoked', async (t) => {
  const stage = new Stage([storedKey({ fingerprint: 'SHA256:x', principal: 'ana', name: 'other' })]);
  stage.answer = listing(one, two);
  await stage.import({ keep: true });
  stage.answer = listing(two, three);
  stage.now += 1000;
  t.match(await stage.check(), { checkedAt: stage.now, succeededAt: stage.now, problem: undefined });
  t.same(stage.live, ['other', 'github-2', 'github-3']);
  t.match(stage.keys.byFingerprint(one.fingerprint), {
    revokedAt: stage.now,
    revokedReason: 'no longer listed at github:ana',
  });
  t.match(stage.keys.byFingerprint(three.fingerprint), {
    role: 'member',
    envPatterns: ['pr-*'],
    createdBy: 'import github:ana',
  });
  t.match(stage.keys.audit.slice(1), [
    { principal: 'import github:ana', action: 'key.import', target: 'github:ana' },
    { principal: 'import github:ana', action: 'key.revoke', target: 'ana/github-1', result: 'ok' },
  ]);
  stage.answer = listing(one, two, three);
  await stage.check();
  t.same(stage.live.length, 4, 'and it is good again when it is back');
});

t.test('a key that somebody has revoked stays revoked, whatever is listed', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, two);
  await stage.import({ keep: true });
  const change = { kind: 'revoke', fingerprint: one.fingerprint, reason: 'stolen', at: stage.now } as const;
  await stage.keys.change([change], { at: stage.now, action: 'key.revoke', result: 'ok' });
  await stage.check();
  t.same(stage.live, ['github-2']);
});

t.test('an account that lists no keys any more loses them', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, two);
  await stage.import({ keep: true });
  stage.answer = listing();
  await stage.check();
  t.same(stage.live, []);
});

t.test('a source that fails changes nothing, and is told once', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import({ keep: true });
  const start = stage.now;
  stage.answer = { kind: 'failed', problem: 'github.com answered 500' };
  for (const pass of [1, 2, 3]) {
    stage.now = start + pass;
    const check = await stage.check();
    t.same(check, {
      checkedAt: stage.now,
      succeededAt: start,
      problem: 'github.com answered 500',
      problemSince: start + 1,
    });
  }
  t.same(stage.live, ['github-1']);
  stage.answer = listing(one);
  await stage.check();
  t.match(stage.logged.lines, [
    { level: 'warn', source: 'github:ana', problem: 'github.com answered 500' },
    { level: 'info', source: 'github:ana' },
  ]);
  t.equal(stage.logged.lines.length, 2);
});

t.test('an account that was not there may be somebody else now: it takes, and gives nothing', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, two);
  await stage.import({ keep: true });
  stage.answer = { kind: 'absent', problem: 'github.com knows no such account' };
  t.match(await stage.check(), { problem: /no such account/, absentSince: stage.now });
  t.same(stage.live, ['github-1', 'github-2']);
  stage.answer = listing(two, three);
  stage.now += day;
  t.match(await stage.check(), { problem: /somebody else's now.*key import github:ana --keep/ });
  t.same(stage.live, ['github-2']);
  t.match(await stage.import({ keep: true }), { report: { added: [{ fingerprint: three.fingerprint }] } });
  t.match(await stage.check(), { problem: undefined, absentSince: undefined });
  t.same(stage.live, ['github-2', 'github-3']);
});

t.test('after its time it adds nothing more', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, two);
  await stage.import({ keep: true, terms: { ...usual, expiresAt: stage.now + day } });
  stage.now += 2 * day;
  stage.answer = listing(two, three);
  t.match(await stage.check(), { problem: /time.*has passed/ });
  t.same(stage.live, ['github-2']);
});

t.test('the last key of an admin stays, and that is told', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one, two);
  await stage.import({ keep: true, terms: { ...usual, role: 'admin' } });
  stage.answer = listing();
  t.match(await stage.check(), {
    problem: /ana\/github-2 is no longer listed, and stays: .*last key of an admin/,
  });
  t.same(stage.live, ['github-2']);
});

t.test('what the store refuses is told as the problem; what it cannot write is thrown', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import({ keep: true });
  stage.answer = listing(one, two);
  stage.keys.failure = new PortholeError('ERR_LIMIT', { message: 'there are too many keys' });
  t.match(await stage.check(), { problem: 'there are too many keys' });
  stage.keys.failure = new PortholeError('ERR_STORE_UNAVAILABLE');
  await t.rejects(stage.check(), { code: 'ERR_STORE_UNAVAILABLE' });
  await t.rejects(stage.import(), { code: 'ERR_STORE_UNAVAILABLE' });
});

t.test('done again, an account that is kept in step is kept as it is asked for now', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import({ keep: true });
  stage.answer = listing(two);
  const terms: ImportTerms = { ...usual, role: 'machine' };
  t.match(await stage.import({ keep: true, terms }), { report: { added: [{}], revoked: [{}] } });
  const [kept, ...others] = await stage.imports.all();
  t.match(kept, { source: 'github:ana', role: 'machine', createdAt: stage.now });
  t.same(others, []);
  t.match(stage.keys.byFingerprint(two.fingerprint), { role: 'machine' });
});

t.test('a source that was stopped is not looked at, and its keys stay', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import({ keep: true });
  t.equal(await stage.imports.stop('github:ana'), true);
  t.equal(await stage.imports.stop('github:ana'), false);
  t.equal(await stage.check(), undefined);
  t.equal(stage.asked.length, 1);
  t.same(stage.live, ['github-1']);
});

t.test('one at a time, in the order in which they were asked for', async (t) => {
  const stage = new Stage();
  const first = Promise.withResolvers<Fetched>();
  stage.answer = () => first.promise;
  const importing = stage.import({ keep: true });
  const stopping = stage.imports.stop('github:ana');
  first.resolve(listing(one));
  t.match(await importing, { kind: 'imported' });
  t.equal(await stopping, true);
});

t.test('once closed it fetches and changes nothing', async (t) => {
  const stage = new Stage();
  stage.answer = listing(one);
  await stage.import({ keep: true });
  const before = await stage.kept.find('github:ana');
  stage.answer = () => {
    stage.imports.close();
    return Promise.resolve(listing());
  };
  t.same(await stage.check(), before?.check);
  await stage.check();
  t.equal(stage.asked.length, 2);
  stage.answer = listing(two);
  await t.rejects(stage.import(), { code: 'ERR_STORE_UNAVAILABLE' });
  await t.rejects(stage.imports.stop('github:ana'), { code: 'ERR_STORE_UNAVAILABLE' });
  t.same(stage.live, ['github-1']);
});
