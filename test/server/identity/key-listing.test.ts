import fc from 'fast-check';
import t from 'tap';
import { readListing } from '../../../server/identity/key-listing.ts';
import { publicKey } from '../../support/public-keys.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const one = publicKey();
const two = publicKey();
const strong = publicKey(2048);
const weak = publicKey(1024);

function fingerprintsOf(text: string): string[] | string {
  const listing = readListing(text);
  return listing.ok ? listing.keys.map(({ fingerprint }) => fingerprint) : listing.problem;
}

t.test('reads keys, one a line, each once', async (t) => {
  t.same(fingerprintsOf(`${one.line}\n${two.line} ana@laptop\n${strong.line}\n`), [
    one.fingerprint,
    two.fingerprint,
    strong.fingerprint,
  ]);
  t.same(fingerprintsOf(`${one.line}\r\n\r\n# a comment\n  ${two.line}  `), [
    one.fingerprint,
    two.fingerprint,
  ]);
  t.same(fingerprintsOf(`${one.line}\n${one.line} again`), [one.fingerprint]);
  t.same(fingerprintsOf(''), []);
  t.same(fingerprintsOf('\n\n'), []);
});

t.test('leaves out keys that are too weak or of another kind, and says so', async (t) => {
  const lines = [one.line, weak.line, 'ssh-dss AAAAB3NzaC1kc3MAAACBAOlD', 'ssh-ed448 AAAACXNzaC1lZDQ0OA=='];
  const listing = readListing(lines.join('\n'));
  t.same(listing.ok && listing.keys.map(({ fingerprint }) => fingerprint), [one.fingerprint]);
  t.same(listing.ok && listing.skipped.map(({ line }) => line), [2, 3, 4]);
  t.match(listing.ok && listing.skipped[0]?.problem, /2048/);
});

const wrong: readonly (readonly [what: string, text: string])[] = [
  ['words', 'User not found'],
  ['a page', '<!DOCTYPE html>\n<html>'],
  ['JSON', '{"keys":[]}'],
  ['a key that is cut short', `${one.line}\n${two.line.slice(0, -8)}`],
  ['a key behind options', `no-pty ${one.line}`],
  ['a key with an escape in its comment', `${one.line} \u001b[31m`],
  ['several keys on a line', `${one.line} ${two.line}`],
];

for (const [what, text] of wrong) {
  t.test(`${what}: none of the list counts`, async (t) => {
    const listing = readListing(text);
    t.equal(listing.ok, false);
    t.match(!listing.ok && listing.problem, /is no public key|it lists/);
  });
}

t.test('a private key among them is named, and not repeated', async (t) => {
  const { privateKey } = makeKey(t);
  const listing = readListing(`${one.line}\n${privateKey}`);
  t.equal(listing.ok, false);
  t.match(!listing.ok && listing.problem, /an OpenSSH private key.*never be used again/);
  const middle = privateKey.split('\n')[2] ?? '';
  t.notOk(JSON.stringify(listing).includes(middle));
});

t.test('a list is bounded', async (t) => {
  const lines = (count: number): string => Array.from({ length: count }, () => one.line).join('\n');
  t.equal(readListing(lines(64)).ok, true);
  t.match(readListing(lines(65)), { ok: false, problem: /lists 65 keys; at most 64/ });
});

t.test('whatever is listed, it takes only what was there as a line of its own', async () => {
  const line = fc.oneof(
    fc.constantFrom(one.line, two.line, weak.line, `${one.line} x`, '', '# no'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join('\n');
      const listing = readListing(text);
      if (!listing.ok) return true;
      return listing.keys.every(({ key }) => text.split(/[\r\n]/).some((each) => each.trim() === key.line));
    }),
  );
});
