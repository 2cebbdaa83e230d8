import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { principalsScript } from '../../../client/agent-setup/principals-script.ts';
import { createAuthorityFile, type AuthorityKey } from '../../../server/identity/authority-file.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { wireString } from '../../../core/ssh-wire.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const targetId = '11111111-2222-3333-4444-555555555555';
const now = Math.floor(Date.now() / 1000);
const dir = scratchDir(t);
const users = join(dir, 'principals');
mkdirSync(users);
writeFileSync(join(users, 'dev'), '');
const authority: AuthorityKey = createAuthorityFile(join(dir, 'ca'), '');
const ed25519 = makeKey(t);

/** What it prints for these words; undefined when it ends with an error. */
function ask(script: string, ...words: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(script, words, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function written(name: string, options: Omit<Parameters<typeof principalsScript>[0], 'targetId'>): string {
  const path = join(dir, name);
  writeFileSync(path, principalsScript({ targetId, ...options }), { mode: 0o755 });
  return path;
}

const limited = written('limited', { usersDir: users, longestMs: 600_000 });
const anyUser = written('any', { usersDir: undefined, longestMs: undefined });

/** A certificate as sshd gives it: its type, and its base64. */
function certificate(
  life: { after?: number; before?: number; id?: string; principals?: string[] } = {},
  subject: Uint8Array = ed25519.blob,
): [type: string, base64: string] {
  const { after = now - 60, before = now + 300, id = 'ana', principals = [`vm:${targetId}/dev`] } = life;
  const content = { subject, serial: 2n ** 63n, id, principals, validAfter: after, validBefore: before };
  const [type = '', base64 = ''] = signCertificate(content, authority).split(' ');
  return [type, base64];
}

t.test('the principal of a user who has a file, for a certificate that is short enough', async (t) => {
  const principal = `vm:${targetId}/dev`;
  t.equal(ask(limited, 'dev', ...certificate()), principal);
  t.equal(ask(limited, 'dev', ...certificate({ after: now, before: now + 600 })), principal, 'just so');
  t.equal(ask(limited, 'dev', ...certificate({ after: now, before: now + 601 })), undefined);
  t.equal(ask(limited, 'root', ...certificate()), undefined, 'no file');
  t.equal(ask(anyUser, 'root', 'whatever', '-'), `vm:${targetId}/root`, 'asked for nobody in particular');
});

t.test('the life of certificates for every type of key', async (t) => {
  for (const type of ['ed25519', 'rsa', 'ecdsa'] as const)
    t.equal(ask(limited, '--life', ...certificate({}, makeKey(t, { type }).blob)), '360', type);
  for (const bits of [384, 521])
    t.equal(ask(limited, '--life', ...certificate({}, makeKey(t, { type: 'ecdsa', bits }).blob)), '360');
  const skEd25519 = ['sk-ssh-ed25519@openssh.com', ed25519.blob.subarray(-32), 'ssh:'].map(wireString);
  t.equal(ask(limited, '--life', ...certificate({}, Buffer.concat(skEd25519))), '360');
  const skEcdsa = ['sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', Buffer.alloc(65, 4), 'ssh:'].map(
    wireString,
  );
  t.equal(ask(limited, '--life', ...certificate({}, Buffer.concat(skEcdsa))), '360');
});

t.test('without an end, without a beginning, and far away', async (t) => {
  const key = makeKey(t);
  for (const validity of ['always:forever', 'always:+5m', '+1m:forever', '-1d:+1m']) {
    execFileSync(
      'ssh-keygen',
      ['-q', '-s', join(dir, 'ca'), '-I', 'x', '-n', 'x', '-V', validity, `${key.path}.pub`],
      {
        stdio: 'pipe',
      },
    );
    const [type = '', base64 = ''] = execFileSync('cat', [`${key.path}-cert.pub`], {
      encoding: 'utf8',
    }).split(' ');
    t.equal(ask(limited, 'dev', type, base64), undefined, validity);
  }
  t.equal(ask(limited, 'dev', ...certificate({ after: 2 ** 53 - 1, before: 2 ** 53 })), undefined);
  t.equal(ask(limited, 'dev', ...certificate({ after: now, before: now })), undefined, 'never');
  t.equal(ask(limited, 'dev', ...certificate({ after: now + 600, before: now })), undefined, 'backwards');
});

t.test('what a certificate says of itself changes nothing', async (t) => {
  const lines = '\n        Valid: from 2026-01-01T00:00:00 to 2026-01-01T00:01:00\n        Principals: \n';
  const long = certificate({
    after: now,
    before: now + 86_400,
    id: `x"${lines}`,
    principals: [lines, '$(id)'],
  });
  t.equal(ask(limited, 'dev', ...long), undefined);
  const short = certificate({ id: `x"${lines}`, principals: ['`id`'.repeat(900)] });
  t.equal(ask(limited, 'dev', ...short), `vm:${targetId}/dev`, 'its length counts, and not its words');
});

t.test('words that are none', async (t) => {
  const good = certificate();
  const names = [
    '',
    '.',
    '..',
    '../principals/dev',
    'a b',
    'dev\n',
    '-e',
    '--life',
    '$(id)',
    '*',
    'dév',
    'root',
  ];
  for (const user of names) t.equal(ask(limited, user, ...good)?.startsWith('vm:') ?? false, false, user);
  t.equal(ask(limited, 'dev'), undefined);
  t.equal(ask(limited, 'dev', ...good, 'more'), undefined);
  t.equal(ask(limited, 'dev', 'ssh-ed25519', good[1]), undefined, 'another type than it is');
  t.equal(ask(limited, 'dev', 'ssh-rsa-cert-v01@openssh.com', good[1]), undefined);
  t.equal(ask(limited, 'dev', good[0], ''), undefined);
  t.equal(ask(limited, 'dev', good[0], ed25519.blob.toString('base64')), undefined, 'no certificate');
});

t.test('no damage makes a long one short', async () => {
  const [type, base64] = certificate({ after: now, before: now + 86_400 });
  const bytes = Buffer.from(base64, 'base64');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      const cut = bytes.subarray(0, length).toString('base64');
      return (ask(limited, '--life', type, cut) ?? '86400') === '86400';
    }),
    { numRuns: 40 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
      const text = Buffer.concat([wireString(type), garbage]).toString('base64');
      const life = ask(limited, '--life', type, text);
      return life === undefined || /^\d+$/.test(life);
    }),
    { numRuns: 60 },
  );
});
