import t from 'tap';
import { makeJobKey, readJobKey } from '../../../client/oidc/job-key.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('a key for one job', async (t) => {
  const key = makeJobKey();
  t.match(key.publicLine, /^ssh-ed25519 [\w+/=]+ porthole-job$/);
  t.match(key.identity, { signer: { type: 'publickey' }, fingerprint: /^SHA256:/ });
  t.equal(readJobKey(key.privateText)?.publicLine, key.publicLine);
  t.not(makeJobKey().publicLine, key.publicLine);
});

t.test('what is none', async (t) => {
  t.equal(readJobKey(''), undefined);
  t.equal(readJobKey(makeKey(t).line), undefined);
  t.ok(readJobKey(makeKey(t).privateKey));
});
