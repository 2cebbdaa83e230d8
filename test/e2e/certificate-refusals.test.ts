import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { signKey, type SignOptions } from '../support/certificates.ts';
import { dial, nextLine, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { startTextApp } from '../support/web-app.ts';

/** As a careful program changes a file: whole, or not at all. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function startWithAuthority(t: TestScope) {
  const authority = makeKey(t);
  const dir = scratchDir(t);
  const authorityFile = join(dir, 'user_ca.pub');
  const revokedFile = join(dir, 'revoked');
  writeFileSync(authorityFile, `${authority.line}\n`);
  writeFileSync(revokedFile, '');
  const { gateway, key } = await startPublicGateway(t, [
    ...['--user-ca', authorityFile, '--revoked-keys', revokedFile],
    ...['--login-penalties', 'off'],
  ]);
  return { gateway, key, authority, authorityFile, revokedFile };
}

t.test('a certificate that is not good here and now is refused, and its user reads why', async (t) => {
  const { gateway, authority } = await startWithAuthority(t);
  const key = makeKey(t);
  const other = makeKey(t);
  const cases: readonly (readonly [RegExp, SshKey, SignOptions])[] = [
    [/expired at 2020-01-02 00:00:00 UTC/, authority, { validity: '20200101000000Z:20200102000000Z' }],
    [/not valid before 2090-01-01 00:00:00 UTC/, authority, { validity: '20900101000000Z:20910101000000Z' }],
    [/not signed by an authority that is known here/, other, {}],
    [/for a host/, authority, { words: ['-h'], principals: ['localhost'] }],
    [/not good from 127\.0\.0\.1/, authority, { words: ['-O', 'source-address=192.0.2.0/24,2001:db8::/32'] }],
    [/force-command/, authority, { words: ['-O', 'force-command=/bin/true'] }],
    [/critical option "deny@example\.com"/, authority, { words: ['-O', 'critical:deny@example.com'] }],
  ];
  for (const [reason, signer, options] of cases) {
    const signed = signKey(t, signer, key, options);
    // A host's certificate is one that ssh itself would not show.
    const ssh = openssh(t, { port: gateway.port, key: signed, args: ['-N', '-R', '80:127.0.0.1:1'] });
    if (options.words?.[0] !== '-h') await ssh.said(reason);
    t.equal((await ssh.exit).code, 255, String(reason));
  }
});

t.test('its principals say which names it may claim', async (t) => {
  const { gateway, authority } = await startWithAuthority(t);
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const key = makeKey(t);
  const free = ['-O', 'source-address=127.0.0.0/8,::1'];
  const signed = signKey(t, authority, key, { principals: ['root', 'env:pr-*', 'role:member'], words: free });
  await dial(t, gateway, { key: signed, user: 'pr-1', forwards });
  const outside = openssh(t, {
    port: gateway.port,
    key: signed,
    user: 'main',
    args: ['-o', 'ExitOnForwardFailure=yes', '-R', ...forwards],
  });
  t.not((await outside.exit).code, 0, 'a name outside of its patterns');
  const nothing = signKey(t, authority, key, { principals: ['root'] });
  const refused = openssh(t, {
    port: gateway.port,
    key: nothing,
    user: 'pr-2',
    args: ['-o', 'ExitOnForwardFailure=yes', '-R', ...forwards],
  });
  t.not((await refused.exit).code, 0, 'without a pattern there is no name');
});

t.test('what is revoked ends: by serial, by key id, by key, and with its authority', async (t) => {
  const { gateway, key, authority, authorityFile, revokedFile } = await startWithAuthority(t);
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const subjects = {
    serial: signKey(t, authority, makeKey(t), { serial: '7', id: 'first' }),
    id: signKey(t, authority, makeKey(t), { serial: '8', id: 'second' }),
    key: signKey(t, authority, makeKey(t), { serial: '9', id: 'third' }),
    authority: signKey(t, authority, makeKey(t), { serial: '10', id: 'fourth' }),
  };
  const tunnels = new Map<string, string>();
  for (const [index, [what, signed]] of Object.entries(subjects).entries()) {
    const user = `pr-${String(index)}`;
    tunnels.set(what, (await dial(t, gateway, { key: signed, user, forwards })).tunnelId);
  }
  const plain = await dial(t, gateway, { key, user: 'plain', forwards });
  const gone = (what: string): Promise<string> => tunnelGone(gateway, tunnels.get(what) ?? '');
  replaceFile(revokedFile, 'serial: 5-7\n');
  t.match(await gone('serial'), /access withdrawn: .*serial 7 has been revoked/);
  replaceFile(revokedFile, 'serial: 5-7\nid: second\n');
  t.match(await gone('id'), /key id have been revoked/);
  replaceFile(revokedFile, `serial: 5-7\nid: second\nkey: ${subjects.key.line}\n`);
  t.match(await gone('key'), /the key in the certificate has been revoked/);
  const removed = nextLine(
    gateway,
    (line) => line.level === 'error' && line.msg.includes('user authorities'),
  );
  renameSync(authorityFile, `${authorityFile}.away`);
  t.match(await gone('authority'), /not signed by an authority that is known here/);
  await removed;
  replaceFile(revokedFile, `${key.line}\n`);
  t.match(await tunnelGone(gateway, plain.tunnelId), /this key has been revoked/, 'plain keys, too');
});

t.test('a list of revoked keys that cannot be read admits nobody', async (t) => {
  const { gateway, key, revokedFile } = await startWithAuthority(t);
  const { port } = await startTextApp(t, 'served');
  const { tunnelId } = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${String(port)}`] });
  replaceFile(revokedFile, 'serial: many\n');
  t.match(await tunnelGone(gateway, tunnelId), /the list of revoked keys cannot be read/);
  await gateway.line((line) => line.level === 'error' && String(line['problem']).startsWith('line 1: '));
});
