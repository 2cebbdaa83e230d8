import t from 'tap';
import { checkHostKey, type HostKeyPolicy, knownKeyTypes, parseFingerprint } from '../../client/host-key.ts';
import { clientAlgorithms } from '../../client/algorithms.ts';
import { parseKnownHosts } from '../../client/known-hosts.ts';
import { makeKey, publicBlob } from './fake-gateway.ts';

const ours = makeKey();
const other = makeKey();
const key = publicBlob(ours.public);

function knownHosts(text: string): HostKeyPolicy {
  return {
    kind: 'known-hosts',
    entries: parseKnownHosts(text),
    name: '[gw]:8443',
    file: '~/.ssh/known_hosts',
  };
}

t.test('each policy', async (t) => {
  t.same(checkHostKey({ kind: 'proven-by-tls' }, key), { ok: true });
  t.same(checkHostKey({ kind: 'pinned', fingerprints: [other.fingerprint, ours.fingerprint] }, key), {
    ok: true,
  });
  t.match(checkHostKey({ kind: 'pinned', fingerprints: [other.fingerprint] }, key), {
    ok: false,
    problem: ours.fingerprint,
  });
  t.same(checkHostKey(knownHosts(`[gw]:8443 ${ours.public}`), key), { ok: true });
  t.match(checkHostKey(knownHosts(''), key), { ok: false, problem: `--host-key ${ours.fingerprint}` });
  t.match(checkHostKey(knownHosts(''), key), { ok: false, problem: `[gw]:8443 ${ours.public}` });
  t.match(checkHostKey(knownHosts(`[gw]:8443 ${other.public}`), key), { ok: false, problem: /has changed/ });
  t.match(checkHostKey(knownHosts(`@revoked * ${ours.public}`), key), { ok: false, problem: /revoked/ });
});

t.test('fingerprints', async (t) => {
  t.equal(parseFingerprint(ours.fingerprint), ours.fingerprint);
  t.equal(parseFingerprint(` ${ours.fingerprint}= `), ours.fingerprint);
  for (const wrong of [
    '',
    'SHA256:',
    'SHA256:short',
    ours.fingerprint.slice(7),
    'MD5:00:11',
    ours.fingerprint.toLowerCase(),
  ]) {
    t.equal(parseFingerprint(wrong), undefined, wrong);
  }
});

t.test('types that are known are asked for first', async (t) => {
  const known = knownKeyTypes(
    knownHosts(`[gw]:8443 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7\n@revoked * ${ours.public}`),
  );
  t.same(known, ['ssh-rsa']);
  t.match(clientAlgorithms(known).serverHostKey, ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  t.match(clientAlgorithms([]).serverHostKey, ['ssh-ed25519']);
  t.same(knownKeyTypes({ kind: 'proven-by-tls' }), []);
});

t.test('nothing weak is offered', async (t) => {
  const offered = JSON.stringify(clientAlgorithms([]));
  for (const weak of ['sha1', 'cbc', 'chacha20', 'zlib', '"ssh-rsa"', 'diffie-hellman', 'md5'])
    t.notMatch(offered, weak);
});
