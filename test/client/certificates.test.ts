import { rmSync, writeFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import t from 'tap';
import { identityWithCertificate, withCertificates } from '../../client/certificates.ts';
import type { Identity } from '../../client/identity.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { signKey, type SignOptions } from '../support/certificates.ts';
import { startSshAgent } from '../support/ssh-agent.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';

const authority = makeKey(t);
const key = makeKey(t);
const old: SignOptions = { validity: '20200101000000Z:20200102000000Z' };
const early: SignOptions = { validity: '20900101000000Z:20910101000000Z' };
const now = Date.now();

function plain({ path, privateKey, blob }: SshKey): Identity {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return { source: path, fingerprint: fingerprint(blob), signer: { type: 'publickey', key: parsed } };
}

function sourcesOf(identities: readonly Identity[]): readonly string[] {
  return identities.map(({ source }) => source);
}

t.test('certificates of files go before the keys, in the order of the files', async (t) => {
  const [first, second] = [signKey(t, authority, key), signKey(t, makeKey(t), key)];
  const foreign = signKey(t, authority, makeKey(t));
  const host = signKey(t, authority, key, { words: ['-h'] });
  const files = [first, host, foreign, second].map(({ certificatePath }) => certificatePath);
  const places = {
    files: [...files, `${key.path}.pub`, '/none'],
    agentSocket: undefined,
    forTheseKeys: false,
  };
  const offered = await withCertificates([plain(key)], places, now);
  t.same(sourcesOf(offered), [first.certificatePath, second.certificatePath, key.path]);
  t.same(
    offered.map(({ isCertificate = false }) => isCertificate),
    [true, true, false],
  );
  t.ok(offered.every((identity) => identity.fingerprint === fingerprint(key.blob)));
});

t.test('files are read anew each time', async (t) => {
  const signed = signKey(t, authority, key);
  const places = { files: [signed.certificatePath], agentSocket: undefined, forTheseKeys: false };
  t.equal((await withCertificates([plain(key)], places, now)).length, 2);
  rmSync(signed.certificatePath);
  t.equal((await withCertificates([plain(key)], places, now)).length, 1);
  writeFileSync(signed.certificatePath, `${signed.certificateLine}\n`);
  t.equal((await withCertificates([plain(key)], places, now)).length, 2);
});

t.test('what the clock is against is left out, and its key says so', async (t) => {
  for (const [options, words] of [
    [old, /was left out: it expired at 2020-01-02 00:00:00 UTC/],
    [early, /was left out: it is not valid before 2090-01-01 00:00:00 UTC/],
  ] as const) {
    const { certificatePath } = signKey(t, authority, key, options);
    const places = { files: [certificatePath], agentSocket: undefined, forTheseKeys: false };
    const [only, ...others] = await withCertificates(
      [{ ...plain(key), advice: 'usual advice' }],
      places,
      now,
    );
    t.same(others, []);
    t.match(only?.advice, words);
    t.match(only?.advice, /; usual advice$/);
  }
});

t.test('those of the agent, each once, and only for the named key where one was named', async (t) => {
  const agent = await startSshAgent(t);
  const [mine, other] = [signKey(t, authority, key), signKey(t, authority, makeKey(t))];
  for (const { path } of [mine, other]) agent.add(path);
  const places = { files: [mine.certificatePath], agentSocket: agent.socket, forTheseKeys: false };
  const offered = await withCertificates([plain(key)], places, now);
  t.equal(offered.length, 3, 'the one in the file is the same');
  const named = await withCertificates([plain(key)], { ...places, files: [], forTheseKeys: true }, now);
  t.same(sourcesOf(named), ['a certificate in the SSH agent', key.path]);
  agent.clear();
  t.same(sourcesOf(await withCertificates(offered, { ...places, files: [] }, now)), [
    ...sourcesOf(offered).filter((source) => source === mine.certificatePath),
    key.path,
  ]);
});

t.test('a certificate that somebody has just got', async (t) => {
  const signed = signKey(t, authority, key);
  const made = identityWithCertificate(plain(key), signed.certificateLine);
  t.match(made, { ok: true, value: { isCertificate: true, fingerprint: fingerprint(key.blob) } });
  t.match(identityWithCertificate(plain(makeKey(t)), signed.certificateLine), {
    ok: false,
    problem: /another key/,
  });
  t.match(identityWithCertificate(plain(key), key.line), { ok: false });
});
