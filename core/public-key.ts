/** Every code with its usual words, which repeat nothing of what was given: it might be a secret. */
const problems = {
  empty: 'there is no key: one line is expected, TYPE BASE64 COMMENT',
  'too-long': 'this is longer than any public key',
  'private-key': 'this is a private key',
  rfc4716: 'this public key is in the format of RFC 4716; convert it: ssh-keygen -i -f FILE',
  pem: 'this public key is in PEM; convert it',
  'several-keys': 'there is more than one key: give them one at a time',
  wrapped: 'the key is broken over several lines: join them to one, without blanks in the base64',
  'extra-lines': 'there are more lines than the one of the key: leave them out',
  'control-characters': 'there are control characters in it; no comment may have them, and UTF-16 does',
  options:
    'options or words before the key are not taken: nothing here would obey them, so the key could do more than was meant. Give the key alone',
  certificate: 'this is a certificate, not a key: give the key that it was made for',
  dsa: 'DSA keys are not accepted, nor does OpenSSH any more: make another with ssh-keygen -t ed25519',
  'unknown-type': 'this is not an OpenSSH public key',
  base64: 'the base64 of the key is damaged, cut short, or of another alphabet: it has + and /, not - and _',
  truncated: 'the key is cut short, or there is a blank in it',
  trailing: 'there are bytes after the end of the key',
  mismatch: 'the key inside is of another type than its line says',
  length: 'the Ed25519 key has not 32 bytes',
  number: 'the RSA key is damaged: a number in it is malformed',
  curve: 'the key is damaged: it is not a point of its curve that can prove anything',
  application: 'the application of the FIDO key, usually "ssh:", is missing or damaged',
  'rsa-size': 'the RSA key is too weak or too long',
  'rsa-exponent': 'the RSA key has an exponent that no sound key has',
  'rsa-modulus': 'the RSA key is damaged: its modulus has a small factor',
};

/** What can be wrong with a text or a blob that should be a public key; stable, unlike the words. */
export type PublicKeyProblem = keyof typeof problems;

/** A public key, checked as far as can be without its private half. */
export interface PublicKey {
  readonly type: string;
  readonly bits: number;
  readonly comment: string;
  /** RFC 4253 section 6.6. */
  readonly blob: Uint8Array;
  readonly base64: string;
  /** `TYPE BASE64` or `TYPE BASE64 COMMENT`. */
  readonly line: string;
  /** What a FIDO key signs for: `ssh:`. */
  readonly application?: string;
}

/** `problem` is for whoever gave the key. */
interface Refusal {
  readonly ok: false;
  readonly code: PublicKeyProblem;
  readonly problem: string;
}
export type PublicKeyResult = { readonly ok: true; readonly key: PublicKey } | Refusal;

type Fields = readonly (Uint8Array | undefined)[];
type Facts = { readonly ok: true; readonly bits: number; readonly application?: string } | Refusal;

const maxTextLength = 16_384;
const maxBlobBytes = 4096;
const nothing: Uint8Array = new Uint8Array();

/** For each type how many fields follow it in the blob, and what they must be. */
const formats = new Map<string, readonly [count: number, check: (fields: Fields) => Facts]>([
  ['ssh-ed25519', [1, ([point]) => checkEd25519(point)]],
  ['ecdsa-sha2-nistp256', [2, ([curve, point]) => checkEcdsa('nistp256', curve, point)]],
  ['ecdsa-sha2-nistp384', [2, ([curve, point]) => checkEcdsa('nistp384', curve, point)]],
  ['ecdsa-sha2-nistp521', [2, ([curve, point]) => checkEcdsa('nistp521', curve, point)]],
  ['ssh-rsa', [2, ([e, n]) => checkRsa(e, n)]],
  ['sk-ssh-ed25519@openssh.com', [2, ([point, name]) => ofDevice(checkEd25519(point), name)]],
  ['sk-ecdsa-sha2-nistp256@openssh.com', [3, ([c, q, name]) => ofDevice(checkEcdsa('nistp256', c, q), name)]],
]);
/** The types of key that are taken, as they are written. */
export const publicKeyTypes: readonly string[] = [...formats.keys()];

/** Reads the one line of an OpenSSH `.pub` file. Private keys are recognised first, in whatever form. Never throws. */
export function parsePublicKey(text: string): PublicKeyResult {
  const form = privateKeyForm(text);
  if (form !== undefined)
    return refuse('private-key', `this is ${form}; nothing of it was kept. Give the public key, FILE.pub`);
  if (text.length > maxTextLength) return refuse('too-long');
  const trimmed = text.trim();
  if (trimmed === '') return refuse('empty');
  if (/-{4} ?BEGIN /.test(trimmed)) return inFrame(trimmed);
  const lines = trimmed.split(/[\r\n]+/);
  if (lines.length === 1 || trimmed.includes('\0')) return parseLine(trimmed);
  if (lines.filter((line) => keyInside.test(` ${line}`)).length > 1) return refuse('several-keys');
  return refuse(lines.some((line) => parseLine(line.trim()).ok) ? 'extra-lines' : 'wrapped');
}

function inFrame(text: string): Refusal {
  if (text.includes('BEGIN SSH2 PUBLIC KEY')) return refuse('rfc4716');
  const [, rsa] = /BEGIN (RSA )?PUBLIC KEY/.exec(text) ?? [];
  if (!text.includes('PUBLIC KEY')) return refuse('pem', 'this is no key, but something else in PEM');
  return refuse('pem', `${problems.pem}: ssh-keygen -i -m ${rsa === undefined ? 'PKCS8' : 'PEM'} -f FILE`);
}

/** What can deceive a reader: controls, line ends, halves of characters, and what turns the direction of writing. */
const deceptive = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\uFEFF]/u;
const keyInside = /[\s,"'](?:sk-)?(?:ssh|ecdsa)-[\w@.-]+[ \t]+AAAA/;
const optionName =
  /^(?:restrict|cert-authority|verify-required|(?:no-)?(?:pty|user-rc|touch-required|[\w-]+-forwarding)|[a-z-]+=)/i;

function parseLine(line: string): PublicKeyResult {
  const match = /^([^ \t]+)(?:[ \t]+([^ \t]+))?(?:[ \t]+(.*))?$/s.exec(line);
  const [, type = '', data = '', comment = ''] = match ?? [];
  if (deceptive.test(type + data + comment)) return refuse('control-characters');
  if (!formats.has(type)) return wrongType(type, line);
  if (keyInside.test(` ${comment}`)) return refuse('several-keys');
  if (data === '') return refuse('truncated', 'the key itself is missing: its base64 follows the type');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data) || data.length % 4 !== 0 || btoa(atob(data)) !== data)
    return refuse('base64');
  const blob = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const result = inspectPublicKey(type, blob);
  if (!result.ok || comment === '') return result;
  return { ok: true, key: { ...result.key, comment, line: `${result.key.line} ${comment}` } };
}

function wrongType(type: string, line: string): Refusal {
  if (/-cert-v\d\d@openssh\.com$/.test(type)) return refuse('certificate');
  if (type === 'ssh-dss') return refuse('dsa');
  if (optionName.test(type) || keyInside.test(line)) return refuse('options');
  const what = type.startsWith('AAAA') ? 'the type of the key is missing' : problems['unknown-type'];
  return refuse('unknown-type', `${what}: the line begins with one of ${publicKeyTypes.join(', ')}`);
}

/** Checks a key as a login offers it: `blob` is RFC 4253's, `type` what is said of it. Never throws. */
export function inspectPublicKey(type: string, blob: Uint8Array): PublicKeyResult {
  const [count, check] = formats.get(type) ?? [];
  if (count === undefined || check === undefined) return wrongType(type, type);
  if (blob.length > maxBlobBytes) return refuse('too-long');
  const { fields, end } = readFields(blob, 1 + count);
  const [inner = '', ...rest] = [fields[0] && latin1(fields[0]), ...fields.slice(1)];
  if (inner !== type && fields.length > 0)
    return refuse(
      'mismatch',
      `the line says ${type}, the key in it is ${formats.has(inner) ? inner : 'another'}`,
    );
  if (rest.length < count) return refuse('truncated');
  const facts = check(rest);
  if (!facts.ok) return facts;
  if (end !== blob.length) return refuse('trailing');
  const base64 = btoa(latin1(blob));
  const { ok, ...found } = facts;
  return { ok, key: { type, comment: '', blob, base64, line: `${type} ${base64}`, ...found } };
}

/** As many of the length-prefixed fields at the beginning of a blob as there are, up to `count`. */
function readFields(blob: Uint8Array, count: number): { fields: Uint8Array[]; end: number } {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  let end = 0;
  while (fields.length < count && end + 4 <= blob.length) {
    const start = end + 4;
    if (start + view.getUint32(end) > blob.length) break;
    end = start + view.getUint32(end);
    fields.push(blob.subarray(start, end));
  }
  return { fields, end };
}

/** The key of a FIDO device is another key, and the application that it signs for. */
function ofDevice(facts: Facts, application = nothing): Facts {
  if (!facts.ok) return facts;
  const name = latin1(application);
  return /^[!-~]{1,255}$/.test(name) ? { ...facts, application: name } : refuse('application');
}

const edPrime = 2n ** 255n - 19n;
const edD = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;

/** RFC 8032 section 5.1.3: x² = u / v must be a square. For the few points of a small order anybody can sign. */
function checkEd25519(point = nothing): Facts {
  if (point.length !== 32) return refuse('length');
  const y = toNumber(Uint8Array.from(point).reverse()) & (2n ** 255n - 1n);
  const u = (y * y - 1n) % edPrime;
  const v = (edD * y * y + 1n) % edPrime;
  const smallOrder = y === 0n || u === 0n || (y * y * v + u) % edPrime === 0n;
  return y < edPrime && !smallOrder && hasRoot(u * v, edPrime) ? { ok: true, bits: 256 } : refuse('curve');
}

/** The curves of FIPS 186-4, y² = x³ - 3x + b. */
const curves = {
  nistp256: {
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  nistp384: {
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  nistp521: {
    prime: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

function checkEcdsa(name: keyof typeof curves, named = nothing, point = nothing): Facts {
  const { prime, b } = curves[name];
  const bits = Number(name.slice('nistp'.length));
  const size = Math.ceil(bits / 8);
  if (latin1(named) !== name) return refuse('mismatch', 'the ECDSA key names another curve than its type');
  if (point.length !== 1 + 2 * size || point[0] !== 4) return refuse('curve');
  const [x, y] = [toNumber(point.subarray(1, 1 + size)), toNumber(point.subarray(1 + size))];
  const onCurve = x < prime && y < prime && (y * y - x * x * x + 3n * x - b) % prime === 0n;
  return onCurve ? { ok: true, bits } : refuse('curve');
}

function checkRsa(e = nothing, n = nothing): Facts {
  if (![e, n].every(isPositive)) return refuse('number');
  const [exponent, modulus] = [toNumber(e), toNumber(n)];
  const bits = modulus.toString(2).length;
  if (bits < 2048 || bits > 16_384)
    return refuse('rsa-size', `the RSA key has ${bits} bits; from 2048 to 16384 are accepted`);
  // With an exponent of 1 anybody can sign; of those with more than 64 bits OpenSSL is wary.
  if (exponent % 2n === 0n || exponent < 3n || exponent >= 2n ** 64n) return refuse('rsa-exponent');
  const hasFactor = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n].some((p) => modulus % p === 0n);
  return hasFactor ? refuse('rsa-modulus') : { ok: true, bits };
}

/** An SSH mpint (RFC 4251 section 5) that is greater than zero and written in the shortest form. */
function isPositive(mpint: Uint8Array): boolean {
  const [first = 0x80, second = 0] = mpint;
  return first < 0x80 && (first !== 0 || second >= 0x80);
}

function toNumber(bigEndian: Uint8Array): bigint {
  return BigInt(`0x0${Array.from(bigEndian, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}

/** Whether there is a root of a number that is not 0 modulo an odd prime: its Jacobi symbol is 1. */
function hasRoot(number: bigint, prime: bigint): boolean {
  let [a, n, odd] = [((number % prime) + prime) % prime, prime, false];
  while (a !== 0n) {
    for (; a % 2n === 0n; a /= 2n) odd = odd !== (n % 8n === 3n || n % 8n === 5n);
    odd = odd !== (a % 4n === 3n && n % 4n === 3n);
    [a, n] = [n % a, a];
  }
  return !odd;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function refuse(code: PublicKeyProblem, problem: string = problems[code]): Refusal {
  return { ok: false, code, problem };
}

/** The fingerprint as OpenSSH prints it, where there is no node:crypto. */
export async function fingerprintOf(blob: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(blob)));
  return `SHA256:${btoa(latin1(digest)).replace(/=+$/, '')}`;
}

const gap = '(?:[\\s_+-]|%20){1,9}';
const frame = (...label: string[]): RegExp =>
  new RegExp(['\\b(?:BEGIN|END)', ...label, 'PRIVATE', 'KEY'].join(gap), 'i');
/** How private keys name themselves or, in binary, begin; a byte that is no text may have become any character. */
const privateForms: readonly (readonly [RegExp, string])[] = [
  [new RegExp(['SSH', 'PRIVATE', 'KEY', 'FILE'].join(gap), 'i'), 'an SSH1 private key'],
  [/openssh-key-v1|bnNzaC1rZXktdjE/, 'an OpenSSH private key'],
  [frame('OPENSSH'), 'an OpenSSH private key'],
  [frame('SSH2', 'ENCRYPTED'), 'an SSH.COM private key'],
  [/^\?o(?:\xf9\xeb|\ufffd\ufffd)/, 'an SSH.COM private key'],
  [frame('ENCRYPTED'), 'an encrypted PKCS#8 private key'],
  [frame(), 'a PKCS#8 private key'],
  [frame('RSA'), 'an RSA private key in PEM'],
  [frame('DSA'), 'a DSA private key in PEM'],
  [frame('EC'), 'an EC private key in PEM'],
  [/PRIVATE KEY(?: BLOCK)?-{2}|^(?:Proc-Type|DEK-Info):/im, 'a private key in PEM'],
  [/PuTTY-User-Key-File-|Private-(?:Lines|MAC|Hash):/i, 'a PuTTY private key'],
  [/AGE-SECRET-KEY-/i, 'an age secret key'],
  [/["'{,\s]d\\*["']?\s*:\s*\\*["'][\w+/-]{8}|kty\\*["']?\s*:\s*\\*["']oct\b/, 'a private key in JWK'],
  [/^0.{1,4}\x02\x01[\0\x01]\x02/s, 'an RSA or DSA private key in DER'],
  [/^0.{1,4}\x02\x01\x01\x04/s, 'an EC private key in DER'],
  [/^0.{1,4}\x02\x01[\0\x01]0/s, 'a PKCS#8 private key in DER'],
  [/^0.{1,4}0.{1,4}\x06.\*.H..\r\x01[\x05\x0c]/s, 'an encrypted PKCS#8 private key in DER'],
  [/^0.{1,4}\x02\x01\x030/s, 'a PKCS#12 file with a private key'],
];
/** Where one may begin in base64 or in hexadecimal: any long run, and for those that are broken up the first letters. */
const encoded =
  /(?<![A-Za-z0-9+/])(?:M[A-P]|LS0|U1NI|UHVU|QUdF|e[wy]|P2\/5|Iy|(?:[23567][03BDFbdf]|41):?[0-9A-Fa-f]{2}|[\w+/-]{40})/g;

/** Which form of private key a text has in it, encoded again or broken over lines too; undefined when it has none. */
export function privateKeyForm(text: string): string | undefined {
  const bounded = text.slice(0, 65_536);
  const plain = bounded.replaceAll('\0', '');
  const runs = [...plain.matchAll(encoded)].slice(0, 64).map(({ index }) => decode(plain.slice(index)));
  const texts = [...new Set([bounded, plain, plain.replace(/\s+/g, ''), ...runs.flat()])];
  return privateForms.find(([pattern]) => texts.some((each) => pattern.test(each)))?.[1];
}

/** The beginning of a text as base64, or base64url, and as hexadecimal. */
function decode(text: string): string[] {
  const run = text.slice(0, 8192).replace(/[^\w+/-]+/g, '');
  const base64 = run.replace(/[-_]/g, (char) => (char === '-' ? '+' : '/'));
  const pairs = /^[0-9a-f]{32}/i.test(run) ? (run.match(/../g) ?? []) : [];
  const bytes = pairs.map((pair) => Number.parseInt(pair, 16));
  return [atob(base64.slice(0, base64.length & ~3)), String.fromCharCode(...bytes)];
}
