import { readFileSync } from 'node:fs';

/** A text that somebody may take for a public key, and what it is: `TYPE BITS`, or the code of what is wrong with it. */
export interface PublicKeyCase {
  readonly name: string;
  readonly expect: string;
  readonly text: string;
}

/** The private keys among them were made for this table and are good for nothing. */
export const publicKeyCases = JSON.parse(
  readFileSync(new URL('public-key-cases.json', import.meta.url), 'utf8'),
) as readonly PublicKeyCase[];
