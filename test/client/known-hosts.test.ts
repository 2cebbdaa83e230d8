import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  entriesFor,
  hostKeyType,
  judgeHostKey,
  knownHostName,
  knownHostsLine,
  parseKnownHosts,
} from '../../client/known-hosts.ts';
import { makeKey, publicBlob } from './fake-gateway.ts';

const ours = makeKey();
const other = makeKey();
const key = publicBlob(ours.public);

function verdict(text: string, name = 'gw.example.com'): string {
  return judgeHostKey(parseKnownHosts(text), name, key).kind;
}

t.test('names as OpenSSH writes them', async (t) => {
  t.equal(knownHostName('GW.Example.com', 22), 'gw.example.com');
  t.equal(knownHostName('gw.example.com', 8443), '[gw.example.com]:8443');
  t.equal(knownHostName('::1', 8443), '[::1]:8443');
});

t.test('plain entries', async (t) => {
  t.equal(verdict(`gw.example.com ${ours.public}\n`), 'known');
  t.equal(verdict(`GW.example.COM ${ours.public} a comment\n`), 'known');
  t.equal(verdict(`\t gw.example.com\t${ours.public}\r\n`), 'known');
  t.equal(verdict(`10.0.0.1,gw.example.com ${ours.public}`), 'known');
  t.equal(verdict(`[gw.example.com]:8443 ${ours.public}`), 'unknown', 'another port is another server');
  t.equal(verdict(`[gw.example.com]:8443 ${ours.public}`, '[gw.example.com]:8443'), 'known');
  t.equal(verdict(`gw.example.com ${other.public}`), 'changed');
  t.equal(verdict(`gw.example.com ${other.public}\ngw.example.com ${ours.public}`), 'known');
  t.equal(verdict(''), 'unknown');
});

t.test('patterns', async (t) => {
  t.equal(verdict(`*.example.com ${ours.public}`), 'known');
  t.equal(verdict(`gw.example.??? ${ours.public}`), 'known');
  t.equal(verdict(`*.example.com,!gw.example.com ${ours.public}`), 'unknown');
  t.equal(verdict(`!gw.example.com,*.example.com ${ours.public}`), 'unknown');
  t.equal(verdict(`!other,* ${ours.public}`), 'known');
  t.equal(verdict(`*.example.org ${ours.public}`), 'unknown');
  t.equal(verdict(`*${'*a'.repeat(40)} ${ours.public}`, 'a'.repeat(60)), 'known', 'in no time');
});

t.test('markers', async (t) => {
  t.equal(verdict(`gw.example.com ${ours.public}\n@revoked gw.example.com ${ours.public}`), 'revoked');
  t.equal(verdict(`@revoked * ${ours.public}`), 'revoked');
  t.equal(verdict(`@revoked * ${other.public}\ngw.example.com ${ours.public}`), 'known');
  t.equal(verdict(`@revoked * ${other.public}`), 'unknown', 'a revoked key is not a known one');
  t.equal(verdict(`@cert-authority * ${ours.public}`), 'unknown', 'an authority is not a host key');
  t.equal(verdict(`@nonsense gw.example.com ${ours.public}`), 'unknown');
});

t.test('several types', async (t) => {
  const rsa = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7';
  t.equal(verdict(`gw.example.com ${rsa}`), 'unknown', 'a key of another type says nothing');
  t.equal(verdict(`gw.example.com ${rsa}\ngw.example.com ${ours.public}`), 'known');
  t.same(
    entriesFor(parseKnownHosts(`gw.example.com ${rsa}\nx ${ours.public}`), 'gw.example.com').map(
      (entry) => entry.keyType,
    ),
    ['ssh-rsa'],
  );
});

t.test('lines that are none are left out', async (t) => {
  const lines = [
    '# comment',
    '',
    'gw.example.com',
    'gw.example.com ssh-ed25519',
    'gw.example.com ssh-ed25519 !!!',
    `gw.example.com ssh-rsa ${ours.public.split(' ')[1] ?? ''}`,
    '@revoked',
  ];
  t.same(parseKnownHosts(lines.join('\n')), []);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => Array.isArray(parseKnownHosts(text))));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      (bytes) => typeof hostKeyType(Buffer.from(bytes)) === 'string',
    ),
  );
});

t.test('what ssh-keygen hashed is found, and nothing else', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'known-hosts-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'known_hosts');
  writeFileSync(file, `gw.example.com ${ours.public}\n[gw.example.com]:8443 ${other.public}\n`);
  execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
  const hashed = readFileSync(file, 'utf8');
  t.notMatch(hashed, 'example');
  t.equal(verdict(hashed), 'known');
  t.equal(verdict(hashed, '[gw.example.com]:8443'), 'changed');
  t.equal(verdict(hashed, 'gw.example.org'), 'unknown');
  t.equal(verdict('|1|nonsense ssh-ed25519 AAAA'), 'unknown');
  t.equal(verdict(hashed.replaceAll('|1|', '|2|')), 'unknown');
});

t.test('ssh-keygen finds the line that is advised', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'known-hosts-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'known_hosts');
  const name = knownHostName('gw.example.com', 8443);
  writeFileSync(file, `${knownHostsLine(name, key)}\n`);
  t.match(execFileSync('ssh-keygen', ['-F', name, '-l', '-f', file], { encoding: 'utf8' }), ours.fingerprint);
  t.equal(verdict(readFileSync(file, 'utf8'), name), 'known');
});
