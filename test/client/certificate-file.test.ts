import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../../client/certificate-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const first = 'ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1 first';
const second = 'ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1 second';

t.test('a new file, an empty one, and one with a certificate', async (t) => {
  const dir = scratchDir(t);
  const file = join(dir, 'id-cert.pub');
  t.same(writeCertificate(file, first), { ok: true, value: undefined });
  t.same(writeCertificate(file, `${second}\n`), { ok: true, value: undefined });
  t.equal(readFileSync(file, 'utf8'), `${second}\n`);
  t.equal(statSync(file).mode & 0o777, 0o644);
  const empty = join(dir, 'empty');
  writeFileSync(empty, '\n');
  t.match(writeCertificate(empty, first), { ok: true });
  t.same(readdirSync(dir).sort(), ['empty', 'id-cert.pub'], 'nothing else is left');
});

t.test('anything else stays as it is', async (t) => {
  const dir = scratchDir(t);
  const file = join(dir, 'id');
  writeFileSync(file, '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  t.match(writeCertificate(file, first), { ok: false, problem: /is no certificate/ });
  t.match(readFileSync(file, 'utf8'), /PRIVATE/);
  mkdirSync(join(dir, 'folder'));
  t.match(writeCertificate(join(dir, 'folder'), first), { ok: false, problem: /EISDIR/ });
  t.match(writeCertificate(join(dir, 'none', 'x'), first), { ok: false, problem: /ENOENT/ });
  t.same(readdirSync(dir).sort(), ['folder', 'id']);
});

t.test('only a certificate is written', async (t) => {
  const file = join(scratchDir(t), 'id-cert.pub');
  for (const line of ['', 'hello', 'ssh-ed25519 AAAA me', `{"certificate":"${first}"}`])
    t.match(writeCertificate(file, line), { ok: false, problem: /no certificate/ });
});
