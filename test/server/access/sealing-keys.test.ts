import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { SealPurpose } from '../../../server/access/seal.ts';
import { changeSealingKeys, sealingKeyPath } from '../../../server/access/sealing-key-file.ts';
import { SealingKeys, withNewKey, type SealingKeysOptions } from '../../../server/access/sealing-keys.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const day = 86_400_000;
const purposes: readonly SealPurpose[] = ['host', 'login', 'state'];

interface Opened {
  readonly keys: SealingKeys;
  readonly lines: LogLine[];
  readonly clock: { now: number };
}

async function open(t: Test, stateDir: string, overrides: Partial<SealingKeysOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const clock = { now: Date.now() };
  const keys = await SealingKeys.open({
    ...{ stateDir, rotationMs: 30 * day, keepMs: 7 * day, log, now: () => clock.now },
    ...{ pollMs: 5, settleMs: 5, checkMs: 5 },
    ...overrides,
  });
  t.teardown(() => {
    keys.close();
  });
  return { keys, lines, clock };
}

const keyIdIn = (sealed: string): string => sealed.split('.')[0] ?? '';

t.test('what is sealed opens for its purpose and binding only', async (t) => {
  const { keys } = await open(t, scratchDir(t));
  fc.assert(
    fc.property(
      fc.constantFrom(...purposes),
      fc.constantFrom(...purposes),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 500 }),
      (purpose, otherPurpose, binding, otherBinding, text) => {
        const sealed = keys.seal(purpose, binding, text);
        fc.pre(Buffer.byteLength(text) <= 2048 && text.isWellFormed());
        if (!/^[A-Za-z0-9_.-]+$/.test(sealed)) return false;
        const isSame = purpose === otherPurpose && binding === otherBinding;
        const elsewhere = keys.open(otherPurpose, otherBinding, sealed);
        const here = keys.open(purpose, binding, sealed);
        return here?.text === text && !here.old && (elsewhere !== undefined) === isSame;
      },
    ),
  );
});

t.test('what somebody has changed, cut or made does not open', async (t) => {
  const { keys } = await open(t, scratchDir(t));
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ';
  fc.assert(
    fc.property(
      fc.string({ maxLength: 50 }),
      fc.nat(),
      fc.constantFrom(...alphabet.split('')),
      fc.boolean(),
      (text, place, other, isCut) => {
        const sealed = keys.seal('host', 'a.test', text);
        const at = place % sealed.length;
        const changed = isCut ? sealed.slice(0, at) : sealed.slice(0, at) + other + sealed.slice(at + 1);
        return changed === sealed || keys.open('host', 'a.test', changed) === undefined;
      },
    ),
  );
  fc.assert(fc.property(fc.string(), (text) => keys.open('host', 'a.test', text) === undefined));
  const sealed = keys.seal('host', 'a.test', 'x');
  t.equal(keys.open('host', 'a.test', `${sealed}A`), undefined);
  t.equal(keys.open('host', 'a.test', `${keyIdIn(sealed)}.`), undefined);
  t.equal(keys.open('host', 'a.test', `${keyIdIn(sealed)}.${'A'.repeat(100)}`), undefined);
  t.equal(keys.open('host', 'a.test', 'A'.repeat(1e6)), undefined);
});

t.test('the same text is never sealed the same; too much of it is refused', async (t) => {
  const { keys } = await open(t, scratchDir(t));
  t.not(keys.seal('host', 'a', 'x'), keys.seal('host', 'a', 'x'));
  const longest = 'x'.repeat(2048);
  t.equal(keys.open('host', 'a', keys.seal('host', 'a', longest))?.text, longest);
  t.throws(() => keys.seal('host', 'a', `${longest}x`), RangeError);
});

t.test('the next process opens what this one has sealed', async (t) => {
  const stateDir = scratchDir(t);
  const first = await open(t, stateDir);
  const second = await open(t, stateDir);
  t.same(second.keys.open('login', 'a', first.keys.seal('login', 'a', 'x')), { text: 'x', old: false });
  t.equal(statSync(sealingKeyPath(stateDir)).mode & 0o777, 0o600);
  const other = await open(t, scratchDir(t));
  t.equal(other.keys.open('login', 'a', first.keys.seal('login', 'a', 'x')), undefined);
});

t.test('a key is replaced when it is due, by who is to do it; the old one opens for its time', async (t) => {
  const stateDir = scratchDir(t);
  const { keys, clock, lines } = await open(t, stateDir);
  const sealed = keys.seal('host', 'a', 'x');
  clock.now += 31 * day;
  const draining = await open(t, stateDir, { now: () => clock.now });
  t.equal(keyIdIn(keys.seal('host', 'a', 'x')), keyIdIn(sealed), 'not before it is told to');
  keys.startRotating();
  keys.startRotating();
  t.not(keyIdIn(keys.seal('host', 'a', 'x')), keyIdIn(sealed));
  t.match(lines, [{ msg: 'the key of logins was replaced', keys: 2 }]);
  t.same(keys.open('host', 'a', sealed), { text: 'x', old: true });
  t.same(
    draining.keys.open('host', 'a', keys.seal('host', 'a', 'y')),
    { text: 'y', old: false },
    'at once, also where nobody has looked at the file since',
  );
  clock.now += 7 * day - 1;
  t.ok(keys.open('host', 'a', sealed));
  clock.now += 1;
  t.equal(keys.open('host', 'a', sealed), undefined);
  const newest = keys.seal('host', 'a', 'x');
  clock.now += 30 * day;
  await until(
    'the keys are as they should be',
    () => keyIdIn(keys.seal('host', 'a', 'x')) !== keyIdIn(newest),
  );
  t.notMatch(readFileSync(sealingKeyPath(stateDir), 'utf8'), keyIdIn(sealed), 'nothing is kept for ever');
  keys.stopRotating();
});

t.test('a clock that was wrong, ahead or behind, ends no login', async (t) => {
  const stateDir = scratchDir(t);
  const { keys, clock } = await open(t, stateDir);
  const real = clock.now;
  const sealed = keys.seal('host', 'a', 'x');
  clock.now = real - 5 * day;
  keys.startRotating();
  t.equal(keyIdIn(keys.seal('host', 'a', 'x')), keyIdIn(sealed), 'a little behind');
  clock.now = real + 3650 * day;
  await until(
    'the keys are as they should be',
    () => keyIdIn(keys.seal('host', 'a', 'x')) !== keyIdIn(sealed),
  );
  t.ok(keys.open('host', 'a', sealed), 'just replaced');
  const ahead = keys.seal('host', 'a', 'x');
  clock.now = real;
  await until(
    'the keys are as they should be',
    () => keyIdIn(keys.seal('host', 'a', 'x')) !== keyIdIn(ahead),
  );
  t.ok(keys.open('host', 'a', sealed));
  t.ok(keys.open('host', 'a', ahead));
});

t.test('what another process does with the file is seen', async (t) => {
  const stateDir = scratchDir(t);
  const { keys, clock, lines } = await open(t, stateDir);
  const sealed = keys.seal('host', 'a', 'x');
  const rotate = (keepOld: boolean) =>
    changeSealingKeys(stateDir, clock.now, (before) =>
      withNewKey(keepOld ? before : [], { now: clock.now, keepMs: day }),
    );
  rotate(true);
  await until(
    'the keys are as they should be',
    () => keyIdIn(keys.seal('host', 'a', 'x')) !== keyIdIn(sealed),
  );
  t.same(keys.open('host', 'a', sealed), { text: 'x', old: true });
  rotate(false);
  await until('the keys are as they should be', () => keys.open('host', 'a', sealed) === undefined);

  const newest = keys.seal('host', 'a', 'x');
  const path = sealingKeyPath(stateDir);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.slice(0, 40));
  await until('the keys are as they should be', () =>
    lines.some(({ msg }) => msg.includes('damaged: those of before stay')),
  );
  t.ok(keys.open('host', 'a', newest));
  t.equal(readFileSync(path, 'utf8'), text.slice(0, 40), 'it is not written over');
  t.equal(keys.open('host', 'a', `aaaaaaaa.${'A'.repeat(50)}`), undefined);

  rmSync(path);
  await until('the keys are as they should be', () =>
    lines.some(({ msg }) => msg.includes('all logins end')),
  );
  t.equal(keys.open('host', 'a', newest), undefined);
  t.ok(keys.open('host', 'a', keys.seal('host', 'a', 'x')));
  t.notMatch(JSON.stringify(lines), JSON.parse(text).keys[0].key, 'no key is in the log');
});

t.test('strangers who name keys have the file read a few times only', async (t) => {
  const stateDir = scratchDir(t);
  const { keys, clock } = await open(t, stateDir, { pollMs: 60_000 });
  const forged = (id: string): string => `${id}.${'A'.repeat(50)}`;
  t.equal(keys.open('host', 'a', forged('bbbbbbbb')), undefined);
  changeSealingKeys(stateDir, clock.now, (before) => withNewKey(before, { now: clock.now, keepMs: day }));
  const before = keyIdIn(keys.seal('host', 'a', 'x'));
  t.equal(keys.open('host', 'a', forged('cccccccc')), undefined);
  t.equal(keyIdIn(keys.seal('host', 'a', 'x')), before, 'not read again so soon');
});

t.test('a damaged file ends the start, and stays as it is', async (t) => {
  const stateDir = scratchDir(t);
  writeFileSync(sealingKeyPath(stateDir), 'nonsense');
  await t.rejects(open(t, stateDir), { code: 'ERR_STATE_DIR', message: /session\.keys, are damaged/ });
  t.equal(readFileSync(sealingKeyPath(stateDir), 'utf8'), 'nonsense');
});

t.test('a key that is due and cannot be replaced stays, with a word in the log', async (t) => {
  const stateDir = scratchDir(t);
  const { keys, clock, lines } = await open(t, stateDir, { pollMs: 60_000 });
  const sealed = keys.seal('host', 'a', 'x');
  writeFileSync(sealingKeyPath(stateDir), 'nonsense');
  clock.now += 31 * day;
  keys.startRotating();
  t.match(lines.at(-1), { level: 'error', msg: /cannot be replaced/ });
  t.ok(keys.open('host', 'a', sealed));
});
