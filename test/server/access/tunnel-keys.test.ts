import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { TunnelKeys } from '../../../server/access/tunnel-keys.ts';
import { signKey } from '../../support/certificates.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('the machines of the owner, by their plain keys', async (t) => {
  const [plain, inner, other] = [makeKey(t), makeKey(t), makeKey(t)];
  const certificate = {
    type: 'ssh-ed25519-cert-v01@openssh.com',
    blob: signKey(t, makeKey(t), inner, {}).certificate,
  };
  const shown = [
    { owner: 'ana', key: plain },
    { owner: 'ana', key: certificate },
    { owner: 'ana', key: { ...certificate, blob: Buffer.from('damaged') } },
    { owner: 'bob', key: other },
  ];
  const keys = new TunnelKeys({
    shown: (env) => (env === 'pr-1' ? shown : []),
    ownerOf: (env) => (env === 'nobodys' ? undefined : 'ana'),
  });
  const found = keys.keysOf('pr-1');
  t.same(
    found.map(({ fingerprint: print }) => print),
    [fingerprint(plain.blob), fingerprint(inner.blob)],
  );
  t.match(found, [{ type: 'ssh-ed25519' }, { type: 'ssh-ed25519' }]);
  t.equal(keys.keysOf('pr-1')[1], found[1], 'made once');
  t.same(keys.keysOf('pr-2'), []);
  t.same(keys.keysOf('nobodys'), []);
});
