import { fingerprint } from '../../core/fingerprint.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { answer, failed, type Handlers } from './answer.ts';
import { kindOf } from './key-report.ts';
import { facts } from './table.ts';

/** `key check`: whether a public key is sound. Nothing is added, and nobody's keys are looked at. */
export const keyCheckHandlers: Handlers<'key check'> = {
  'key check': ({ stdin = '' }) => {
    const parsed = parsePublicKey(stdin);
    if (!parsed.ok) return Promise.resolve(failed(parsed.problem));
    const { type, bits, comment, blob, line, application } = parsed.key;
    const print = fingerprint(Buffer.from(blob));
    const value = {
      ok: true,
      fingerprint: print,
      type,
      bits,
      comment,
      application: application ?? null,
      publicKey: line,
    };
    const lines = [
      'this is a sound public key',
      ...facts([
        ['fingerprint', print],
        ['type', kindOf({ type, bits })],
        ['comment', comment === '' ? undefined : comment],
        ['application', application],
      ]),
    ];
    return Promise.resolve(answer(value, lines));
  },
};
