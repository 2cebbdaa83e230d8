import type { Sealer } from '../../../../server/access/seal.ts';

/** Seals nothing, but opens only what it made for the same purpose and place. */
export const plainSealer: Sealer = {
  seal: (purpose, binding, text) => {
    if (Buffer.byteLength(text) > 2048) throw new RangeError('too long');
    return Buffer.from(JSON.stringify([purpose, binding, text])).toString('base64url');
  },
  open: (purpose, binding, sealed) => {
    const [madeFor, madeAt, text] = partsOf(sealed);
    return madeFor === purpose && madeAt === binding && typeof text === 'string'
      ? { text, old: false }
      : undefined;
  },
};

function partsOf(sealed: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(sealed, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
