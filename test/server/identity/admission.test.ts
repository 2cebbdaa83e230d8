import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { keyId } from '../../../core/names.ts';
import { OpenAdmissions } from '../../../server/identity/admission.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('open admission: any sound key is a machine, and its own principal', (t) => {
  const admissions = new OpenAdmissions();
  const { type, blob } = makeKey(t);
  const print = fingerprint(blob);
  t.same(admissions.admit({ type, blob }), {
    kind: 'admitted',
    identity: {
      principal: print,
      role: 'machine',
      envPatterns: ['*'],
      fingerprint: print,
      keyId: keyId(blob),
      source: { kind: 'open' },
    },
  });
  admissions.onChange();
  admissions.close();
  t.end();
});

t.test('open admission: no key that is weak or damaged', (t) => {
  const admissions = new OpenAdmissions();
  const weak = makeKey(t, { type: 'rsa', bits: 1024 });
  t.match(admissions.admit(weak), { kind: 'refused', reason: /1024 bits/ });
  const { type, blob } = makeKey(t);
  t.match(admissions.admit({ type, blob: blob.subarray(1) }), { kind: 'refused' });
  t.match(admissions.admit({ type: 'ssh-rsa', blob }), { kind: 'refused' });
  t.end();
});
