import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseCertificateLine, type SshCertificate } from '../../../core/ssh-certificate.ts';
import { runOperator } from '../../../server/operator/program.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { fakeOperator } from './fake-operator.ts';

const key = makeKey(t);
const keyFile = `${key.path}.pub`;

async function run(stateDir: string, ...words: readonly string[]) {
  const fake = fakeOperator({ readStdin: () => Promise.resolve(readFileSync(keyFile, 'utf8')) });
  const code = await runOperator(['ca', ...words, '--state-dir', stateDir], fake.operator);
  return { code, out: fake.out.join('\n'), err: fake.err.join('\n') };
}

function certificate(line: string): SshCertificate {
  const parsed = parseCertificateLine(line);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

t.test('made once, and shown', async (t) => {
  const stateDir = join(scratchDir(t), 'new');
  t.match(await run(stateDir, 'show'), { code: 1, err: /portholed ca init/ });
  t.match(await run(stateDir, 'sign', keyFile), { code: 1, err: /portholed ca init/ });
  const made = await run(stateDir, 'init');
  t.match(made, { code: 0, out: /^ssh-ed25519 \S+ user authority of localhost$/, err: /TrustedUserCAKeys/ });
  t.match(await run(stateDir, 'init'), { code: 1, err: /already/ });
  t.same(await run(stateDir, 'show'), made);
  t.equal(readFileSync(join(stateDir, 'user_ca.pub'), 'utf8'), `${made.out}\n`);
});

t.test('signs, and records it', async (t) => {
  const stateDir = scratchDir(t);
  await run(stateDir, 'init');
  const plain = await run(stateDir, 'sign', keyFile);
  t.match(plain, { code: 0, err: /^serial \d+, good until .* \(in 8 hours\)$/ });
  t.match(certificate(plain.out), { id: 'test', principals: ['role:machine', 'env:*'] });
  const out = join(stateDir, 'x-cert.pub');
  writeFileSync(out, 'the one before');
  const words = ['--id', 'ana', '--env', 'pr-*', '--env', 'main', '--role', 'member', '--ttl', '30m'];
  const wished = await run(stateDir, 'sign', '-', ...words, '--out', out);
  t.match(wished, { code: 0, out: '', err: /30 minutes/ });
  t.match(certificate(readFileSync(out, 'utf8')), {
    id: 'ana',
    principals: ['role:member', 'env:pr-*', 'env:main'],
  });
  const database = await openDatabase(stateDir);
  t.teardown(() => database.close());
  const { db } = database;
  t.equal((await db.selectFrom('certificates').selectAll().execute()).length, 2);
  const lines = await db.selectFrom('audit').select(['action', 'principal', 'target']).execute();
  t.match(lines, [
    { action: 'ca.init', principal: 'operator' },
    { action: 'cert.issue', target: 'test' },
    { action: 'cert.issue', target: 'ana' },
  ]);
});

t.test('a key that the gateway knows is signed for its principal', async (t) => {
  const stateDir = scratchDir(t);
  await run(stateDir, 'init');
  const fake = fakeOperator({ readStdin: () => Promise.resolve('') });
  await runOperator(['admin', 'add', keyFile, '--principal', 'bob', '--state-dir', stateDir], fake.operator);
  t.equal(certificate((await run(stateDir, 'sign', keyFile)).out).id, 'bob');
});

t.test('what is wrong is told, and nothing is signed', async (t) => {
  const stateDir = scratchDir(t);
  await run(stateDir, 'init');
  const wrong = ['--id', 'a b', '--env', 'PR', '--role', 'king', '--ttl', '5'];
  t.match(await run(stateDir, 'sign', keyFile, ...wrong), {
    code: 2,
    out: '',
    err: /--id: .*\n.*--role: .*\n.*--env: .*\n.*--ttl: /,
  });
  const secret = await run(stateDir, 'sign', key.path);
  t.match(secret, { code: 2, out: '', err: /private key/ });
  t.notMatch(secret.err, 'b3BlbnNzaC');
  t.match(await run(stateDir, 'sign', join(stateDir, 'none')), { code: 1 });
  const nowhere = join(stateDir, 'none', 'x');
  t.match(await run(stateDir, 'sign', keyFile, '--out', nowhere), { code: 1, err: /cannot write/ });
  t.notOk(existsSync(nowhere));
});
