import t from 'tap';
import { fileKeyRecords } from '../../../server/admin/file-keys.ts';
import { parseAuthorizedKeys } from '../../../server/identity/authorized-keys.ts';
import { makeFidoKey } from '../../support/fido-key.ts';
import { publicKey } from '../../support/public-keys.ts';

t.test('keys of the file are told as the own ones are', (t) => {
  const [one, other] = [publicKey(), publicKey(2048)];
  const { keys } = parseAuthorizedKeys(
    `principal="ana",role="member",env="pr-*",expiry-time="20300101Z" ${one.line} ana@home\n${other.line}\n`,
  );
  const records = fileKeyRecords(keys);
  t.match(records, [
    {
      fingerprint: one.fingerprint,
      principal: 'ana',
      name: 'ana@home',
      role: 'member',
      envPatterns: ['pr-*'],
      type: 'ssh-ed25519',
      bits: 256,
      blob: one.blob.toString('base64'),
      source: 'file',
      expiresAt: Date.UTC(2030, 0),
      preferred: false,
    },
    { principal: other.fingerprint, role: 'admin', bits: 2048, envPatterns: ['*'] },
  ]);
  t.equal(fileKeyRecords(keys)[0], records[0], 'and looked into once');
  t.end();
});

t.test('with what its line asks of a FIDO key', (t) => {
  const fido = makeFidoKey(t);
  const { keys } = parseAuthorizedKeys(`verify-required ${fido.line}\n`);
  t.match(fileKeyRecords(keys), [
    { type: fido.type, options: { touchRequired: true, verifyRequired: true }, bits: 256 },
  ]);
  t.end();
});
