import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openJobFiles, openOwnFiles, type JobFiles } from '../../../client/oidc/job-files.ts';
import type { Parsed } from '../../../core/parsed.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const certificate = 'ssh-ed25519-cert-v01@openssh.com AAAA ci';

function opened(files: Parsed<JobFiles>): JobFiles {
  if (!files.ok) throw new Error(files.problem);
  return files.value;
}

t.test('a new key, and the same one with a new certificate', async (t) => {
  const file = join(scratchDir(t), 'id');
  const first = opened(openJobFiles(file));
  t.equal(existsSync(file), false, 'nothing is left when there is no certificate for it');
  t.same(first.write(certificate), { ok: true, value: undefined });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(readFileSync(`${file}.pub`, 'utf8').trim(), first.publicLine);
  t.equal(readFileSync(`${file}-cert.pub`, 'utf8').trim(), certificate);
  const again = opened(openJobFiles(file));
  t.equal(again.publicLine, first.publicLine);
  t.ok(again.write(`${certificate}2`).ok);
  t.equal(readFileSync(`${file}-cert.pub`, 'utf8').trim(), `${certificate}2`);
});

t.test('nothing else is ever written over', async (t) => {
  const file = join(scratchDir(t), 'id');
  writeFileSync(file, 'precious');
  t.match(openJobFiles(file), { ok: false, problem: /is there, and is no key of an earlier login/ });
  writeFileSync(`${file}-cert.pub`, certificate);
  t.match(openJobFiles(file), { ok: false });
  t.match(openJobFiles(scratchDir(t)), { ok: false });
  t.equal(readFileSync(file, 'utf8'), 'precious');
  const nowhere = opened(openJobFiles(join(file, 'x')));
  t.match(nowhere.write(certificate), { ok: false, problem: /cannot write .*ENOTDIR/ });
  t.match(opened(openJobFiles(join(scratchDir(t), 'x'))).write('no certificate'), { ok: false });
});

t.test("the client's own key", async (t) => {
  const file = join(scratchDir(t), 'client', 'id_ed25519');
  const own = opened(openOwnFiles(file));
  t.ok(own.write(certificate).ok);
  t.equal(opened(openOwnFiles(file)).publicLine, own.publicLine);
  t.equal(readFileSync(`${file}-cert.pub`, 'utf8').trim(), certificate);
  writeFileSync(file, 'broken');
  t.equal(openOwnFiles(file).ok, false);
});
