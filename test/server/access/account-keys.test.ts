import t from 'tap';
import { AccountKeys, type AccountKeySources } from '../../../server/access/account-keys.ts';
import type { AuthorizedKey } from '../../../server/identity/authorized-keys.ts';
import { parseAuthorizedKeys } from '../../../server/identity/authorized-keys.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { mayBeRevoked, parseRevokedKeys, isRevokedKey } from '../../../server/identity/revoked-keys.ts';
import { MemoryKeys } from '../../support/memory-keys.ts';
import { newKey } from '../../support/key-records.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { someFingerprint } from '../../support/visit-records.ts';

const now = 1_000_000;

class Source {
  readonly callbacks: (() => void)[] = [];

  onChange(callback: () => void): void {
    this.callbacks.push(callback);
  }

  change(): void {
    for (const callback of this.callbacks) callback();
  }
}

class FakeFile extends Source {
  lines: readonly AuthorizedKey[] = [];

  all(): Iterable<AuthorizedKey> {
    return this.lines;
  }
}

class FakeList extends Source {
  text = '';
  asked = 0;

  get #revoked() {
    this.asked += 1;
    const parsed = parseRevokedKeys(this.text);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.value;
  }

  refusal({ blob }: { blob: Buffer }): string | undefined {
    return isRevokedKey(this.#revoked, blob) ? 'revoked' : undefined;
  }

  mayRefuse(names: Parameters<typeof mayBeRevoked>[1]): boolean {
    return mayBeRevoked(this.#revoked, names);
  }
}

class FakeStored extends MemoryKeys {
  damaged = '';

  isDamaged(print: string): boolean {
    return print === this.damaged;
  }
}

function setting(overrides: Partial<AccountKeySources> = {}) {
  const parts = {
    stored: new FakeStored(),
    file: new FakeFile(),
    revoked: new FakeList(),
    authorities: Object.assign(new Source(), { knows: (print: string) => print === 'SHA256:known' }),
    own: Object.assign(new Source(), { current: { fingerprint: 'SHA256:own' } as const }),
    issued: Object.assign(new Source(), {
      isRevoked: (serial: string) => serial === '66',
      keyOf: (serial: string) => (serial === '8' ? someFingerprint : undefined),
    }),
  };
  return { ...parts, keys: new AccountKeys({ ...parts, now: () => now, ...overrides }) };
}

t.test('the file is known by fingerprint, as it is now', async (t) => {
  const { keys, file } = setting();
  const key = makeKey(t);
  t.equal(keys.inFile(fingerprint(key.blob)), undefined);
  file.lines = parseAuthorizedKeys(`principal="ana",role="member" ${key.line}`).keys;
  file.change();
  t.match(keys.inFile(fingerprint(key.blob)), { principal: 'ana', role: 'member' });
});

t.test('what is on the list is revoked, and it is looked at once for each change', async (t) => {
  const { keys, revoked, stored, file } = setting();
  const [one, two] = [makeKey(t), makeKey(t)];
  await stored.change([{ kind: 'add', key: newKey(one) }], { at: 0, action: 'x', result: 'ok' });
  file.lines = parseAuthorizedKeys(two.line).keys;
  file.change();
  const prints = [fingerprint(one.blob), fingerprint(two.blob), someFingerprint];
  const found = (): boolean[] => prints.map((print) => keys.isRevoked(print));
  t.same(found(), [false, false, false]);
  const { asked } = revoked;
  t.same(found(), [false, false, false]);
  t.equal(revoked.asked, asked);
  revoked.text = `sha256: ${one.line}`;
  revoked.change();
  t.same(found(), [true, false, false]);
  revoked.text = `hash: ${someFingerprint}`;
  revoked.change();
  t.same(found(), [false, false, true]);
  revoked.text = `sha1: ${two.line}`;
  revoked.change();
  t.same(found(), [false, true, true], 'a key of which only the fingerprint is known may be it');
});

t.test('without a list and a file nothing is in them', async (t) => {
  const { keys } = setting({ revoked: undefined, file: undefined });
  t.equal(keys.isRevoked(someFingerprint), false);
  t.equal(keys.inFile(someFingerprint), undefined);
});

t.test('a certificate stands while its authority does', async (t) => {
  const { keys, stored, revoked, file } = setting();
  const own = { serial: '7', id: 'ana', authority: 'SHA256:own', expiresAt: undefined };
  const stands = (overrides: Partial<typeof own> = {}, print = someFingerprint): boolean =>
    keys.standsFor({ ...own, ...overrides }, print);
  t.equal(stands(), true);
  t.equal(stands({ authority: 'SHA256:known' }), true);
  t.equal(stands({ authority: 'SHA256:other' }), false);
  t.equal(stands({ serial: '66' }), false);
  t.equal(stands({ serial: '66', authority: 'SHA256:known' }), true, 'of another one it is another number');

  const key = makeKey(t);
  const print = fingerprint(key.blob);
  t.equal(stands({ serial: '8' }, print), false, 'what was got for a key ends with it');
  file.lines = parseAuthorizedKeys(key.line).keys;
  file.change();
  t.equal(stands({ serial: '8' }, print), true);
  file.lines = parseAuthorizedKeys(`expiry-time="19700101Z" ${key.line}`).keys;
  file.change();
  t.equal(stands({ serial: '8' }, print), false);
  await stored.change([{ kind: 'add', key: newKey(key) }], { at: 0, action: 'x', result: 'ok' });
  t.equal(stands({ serial: '8' }, print), true);

  for (const text of ['id: ana', 'serial: 5-9', `hash: ${someFingerprint}`]) {
    revoked.text = text;
    t.equal(stands(), false, text);
  }
});

t.test('every change is told, when it is in force', async (t) => {
  const { keys, ...parts } = setting();
  const key = makeKey(t);
  let seen: unknown;
  keys.onChange(() => (seen = keys.inFile(fingerprint(key.blob))?.principal ?? 'nobody'));
  for (const source of [parts.revoked, parts.authorities, parts.own, parts.issued]) {
    seen = undefined;
    source.change();
    t.equal(seen, 'nobody');
  }
  parts.file.lines = parseAuthorizedKeys(`principal="ana" ${key.line}`).keys;
  parts.file.change();
  t.equal(seen, 'ana');
  seen = undefined;
  await parts.stored.change([{ kind: 'principal', name: 'x' }], { at: 0, action: 'x', result: 'ok' });
  t.equal(seen, 'ana');
});
