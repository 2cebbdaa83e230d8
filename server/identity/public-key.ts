/** The key types that may log in with ssh2's own verification of signatures. */
const curves: Readonly<Record<string, { name: string; pointBytes: number }>> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', pointBytes: 65 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', pointBytes: 97 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', pointBytes: 133 },
};
const maxBlobBytes = 4096;
const minRsaBits = 2048;
const maxRsaBits = 16_384;

export type KeyInspection = { ok: true; type: string } | { ok: false; problem: string };

/**
 * Checks the form of an SSH public key blob (RFC 4253 section 6.6, RFC 5656, RFC 8709) before any library sees it: the type inside agrees
 * with the claimed one, nothing is missing or left over, and RSA keys have at least 2048 bits.
 */
export function inspectPublicKey(type: string, blob: Uint8Array): KeyInspection {
  if (blob.length > maxBlobBytes) return problem('the key is too long');
  const fields = readFields(blob);
  if (fields === undefined) return problem('the key data is damaged');
  const [inner, ...rest] = fields;
  if (inner === undefined || ascii(inner) !== type) return problem(`the key data is not of type ${type}`);
  if (type === 'ssh-ed25519') return checkEd25519(rest);
  if (type === 'ssh-rsa') return checkRsa(rest);
  if (Object.hasOwn(curves, type)) return checkEcdsa(type, rest);
  return problem(`keys of type ${type} are not accepted`);
}

function checkEd25519(fields: readonly Uint8Array[]): KeyInspection {
  const [point] = fields;
  if (fields.length !== 1 || point?.length !== 32) return problem('the ed25519 key has a wrong length');
  if (point.every((byte) => byte === 0)) return problem('the ed25519 key is empty');
  return { ok: true, type: 'ssh-ed25519' };
}

function checkRsa(fields: readonly Uint8Array[]): KeyInspection {
  const [exponent, modulus] = fields;
  if (fields.length !== 2 || exponent === undefined || modulus === undefined)
    return problem('the RSA key is damaged');
  if (!isPositive(exponent) || !isPositive(modulus) || exponent.length > 8 || !isOdd(modulus))
    return problem('the RSA key is damaged');
  // With an exponent of 1 anybody can sign.
  if (!isOdd(exponent) || bitLength(exponent) < 2) return problem('the RSA key has a bad exponent');
  const bits = bitLength(modulus);
  if (bits < minRsaBits)
    return problem(`the RSA key has ${String(bits)} bits, ${String(minRsaBits)} are needed`);
  if (bits > maxRsaBits) return problem(`the RSA key has more than ${String(maxRsaBits)} bits`);
  return { ok: true, type: 'ssh-rsa' };
}

function checkEcdsa(type: string, fields: readonly Uint8Array[]): KeyInspection {
  const curve = curves[type];
  const [name, point] = fields;
  if (curve === undefined || fields.length !== 2 || name === undefined || point === undefined)
    return problem('the ECDSA key is damaged');
  if (ascii(name) !== curve.name || point.length !== curve.pointBytes || point[0] !== 4)
    return problem('the ECDSA key is damaged');
  return { ok: true, type };
}

/** The length-prefixed fields of a blob; undefined when it does not end where the last one does. */
function readFields(blob: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length || fields.length > 4) return undefined;
    const length = view.getUint32(at);
    at += 4;
    if (at + length > blob.length) return undefined;
    fields.push(blob.subarray(at, at + length));
    at += length;
  }
  return fields;
}

/** An SSH mpint that is greater than zero and written in the shortest form. */
function isPositive(mpint: Uint8Array): boolean {
  const [first = 0x80, second = 0] = mpint;
  if (first >= 0x80) return false;
  return first !== 0 || second >= 0x80;
}

function isOdd(mpint: Uint8Array): boolean {
  return ((mpint.at(-1) ?? 0) & 1) === 1;
}

function bitLength(mpint: Uint8Array): number {
  const significant = mpint[0] === 0 ? mpint.subarray(1) : mpint;
  return significant.length * 8 - (Math.clz32(significant[0] ?? 0) - 24);
}

function ascii(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function problem(text: string): KeyInspection {
  return { ok: false, problem: text };
}
