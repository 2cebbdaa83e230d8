import { generateKeyPairSync } from 'node:crypto';
import { fingerprint } from '../../../core/fingerprint.ts';
import { silentLog } from '../../../core/log.ts';
import type { NewKey } from '../../../server/identity/key-record.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { KeyStore } from '../../../server/store/key-store.ts';

/** A process that adds keys, two in each change, and tells how many times it did, until it is killed. */
const [dir = '', round = ''] = process.argv.slice(2);
const database = await openDatabase(dir);
const keys = await KeyStore.open({ database, log: silentLog() });
for (let count = 1; ; count += 1) {
  const principal = `round-${round}-${count}`;
  const pair = [keyOf(principal, 'a'), keyOf(principal, 'b')];
  await keys.change(
    pair.map((key) => ({ kind: 'add', key })),
    { at: Date.now(), principal: `round-${round}`, action: 'key.add', target: principal, result: 'ok' },
  );
  process.send?.(count);
}

function keyOf(principal: string, name: string): NewKey {
  const { publicKey } = generateKeyPairSync('ed25519');
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const blob = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), point]);
  return {
    fingerprint: fingerprint(blob),
    principal,
    name,
    role: 'machine',
    envPatterns: [],
    type: 'ssh-ed25519',
    bits: 256,
    blob: blob.toString('base64'),
    comment: '',
    options: { touchRequired: true, verifyRequired: false },
    source: 'added',
    createdAt: Date.now(),
    createdBy: 'root',
  };
}
