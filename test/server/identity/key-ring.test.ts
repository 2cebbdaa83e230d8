import t from 'tap';
import { KeyRing } from '../../../server/identity/key-ring.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';

const laptop = recordOf(freshKey(t));
const phone = recordOf(freshKey(t, { name: 'a-phone' }));
const ci = recordOf(freshKey(t, { principal: 'ci', name: 'runner' }));

t.test('keys by their fingerprints and by their principals, in the order of their names', async (t) => {
  const ring = new KeyRing({ principals: ['nobody'], keys: [laptop, phone, ci] });
  t.equal(ring.size, 3);
  t.same([...ring.all()], [laptop, phone, ci]);
  t.equal(ring.byFingerprint(ci.fingerprint), ci);
  t.equal(ring.byFingerprint('SHA256:x'), undefined);
  t.same(ring.ofPrincipal('ana'), [phone, laptop]);
  t.same(ring.ofPrincipal('nobody'), []);
  t.same(ring.ofPrincipal('unknown'), []);
  t.same(
    [ring.hasPrincipal('nobody'), ring.hasPrincipal('ci'), ring.hasPrincipal('unknown')],
    [true, true, false],
  );
});

t.test('a copy changes on its own', async (t) => {
  const ring = new KeyRing({ keys: [laptop] });
  const copy = ring.copy();
  copy.put(phone);
  copy.put({ ...laptop, name: 'other' });
  t.equal(copy.remove(phone.fingerprint), true);
  t.equal(copy.remove(phone.fingerprint), false);
  copy.addPrincipal('bob');
  t.same(copy.ofPrincipal('ana'), [{ ...laptop, name: 'other' }]);
  t.same([...ring.all()], [laptop]);
  t.equal(ring.hasPrincipal('bob'), false);
});

t.test('what makes no sense is known to be there, until it is put right', async (t) => {
  const ring = new KeyRing({ damaged: [laptop.fingerprint, ci.fingerprint] });
  const copy = ring.copy();
  t.equal(copy.isDamaged(laptop.fingerprint), true);
  copy.put(laptop);
  t.equal(copy.isDamaged(laptop.fingerprint), false);
  t.equal(copy.remove(ci.fingerprint), true);
  t.equal(copy.isDamaged(ci.fingerprint), false);
  t.equal(ring.isDamaged(ci.fingerprint), true);
});
