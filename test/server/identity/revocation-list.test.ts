import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Admissions } from '../../../server/identity/admission.ts';
import { RevocationList, UnrevokedAdmissions } from '../../../server/identity/revocation-list.ts';
import { signKey } from '../../support/certificates.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

const authority = makeKey(t);
const key = makeKey(t);
const signed = signKey(t, authority, key, { serial: '7' });
const offered = { type: 'ssh-ed25519-cert-v01@openssh.com', blob: signed.certificate };

function openList(t: TestScope, text: string) {
  const path = join(scratchDir(t), 'revoked');
  writeFileSync(path, text);
  const { log, lines } = createLog();
  const list = new RevocationList({ path, log, pollMs: 2, settleMs: 2 });
  t.teardown(() => {
    list.close();
  });
  return { path, list, lines };
}

t.test('keys and certificates are refused for as long as the list has them', async (t) => {
  const { path, list } = openList(t, '');
  t.equal(list.refusal(key), undefined);
  t.equal(list.refusal(offered), undefined);
  let changes = 0;
  list.onChange(() => (changes += 1));
  writeFileSync(path, 'serial: 7\n');
  await until('the serial', () => list.refusal(offered) !== undefined);
  t.equal(list.refusal(key), undefined, 'its key goes on');
  writeFileSync(path, `${key.line}\n`);
  await until('the key', () => list.refusal(key) !== undefined);
  t.match(list.refusal(offered), /the key in the certificate/);
  writeFileSync(path, '# nobody\n');
  await until('nobody', () => list.refusal(key) === undefined);
  t.equal(changes, 3);
  t.match(list.refusal({ ...offered, blob: Buffer.from('x') }), /not a certificate/);
});

t.test('a list that cannot be read refuses everybody, until it can', async (t) => {
  const { path, list, lines } = openList(t, '');
  for (const spoil of [() => writeFileSync(path, 'serial: x\n'), () => rmSync(path)]) {
    spoil();
    await until('nobody is let in', () => list.refusal(key) !== undefined);
    t.match(list.refusal(offered), /cannot be read/);
    writeFileSync(path, '');
    await until('all is well', () => list.refusal(key) === undefined);
  }
  t.match(
    lines.filter(({ level }) => level === 'error').map(({ problem }) => problem),
    [/^line 1: /, /no such file/],
  );
});

t.test('one that cannot be read at the start is a clear error', async (t) => {
  const { log } = createLog();
  const dir = scratchDir(t);
  t.throws(() => new RevocationList({ path: join(dir, 'none'), log }), {
    code: 'ERR_CONFIG',
    message: /none/,
  });
  writeFileSync(join(dir, 'bad'), '\nids: 7');
  t.throws(() => new RevocationList({ path: join(dir, 'bad'), log }), {
    code: 'ERR_CONFIG',
    message: /line 2/,
  });
  t.throws(() => new RevocationList({ path: dir, log }), { code: 'ERR_CONFIG' });
});

t.test('before other admissions', async (t) => {
  const { path, list } = openList(t, 'serial: 7\n');
  const events: string[] = [];
  const inner: Admissions = {
    admit: () => ({ kind: 'refused', reason: 'asked' }),
    onChange: () => void events.push('watched'),
    close: () => void events.push('closed'),
  };
  const admissions = new UnrevokedAdmissions(inner, list);
  t.match(admissions.admit(offered, '192.0.2.1'), { kind: 'refused', reason: /serial 7/ });
  t.match(admissions.admit(key, '192.0.2.1'), { kind: 'refused', reason: 'asked' });
  admissions.onChange(() => void events.push('changed'));
  writeFileSync(path, '');
  await until('a change', () => events.includes('changed'));
  admissions.close();
  t.same(events, ['watched', 'changed', 'closed']);
});
