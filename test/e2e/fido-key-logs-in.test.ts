import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nextLine, startPublicGateway } from '../support/dial.ts';
import { makeFidoKey, type FidoKey, type FidoSignature } from '../support/fido-key.ts';
import { startMadeUpAgent } from '../support/made-up-agent.ts';
import { openssh, type SshOptions } from '../support/openssh.ts';
import { Portholed } from '../support/portholed.ts';
import type { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

/** Runs the real `ssh` with a FIDO key, whose device signs by way of an agent, and as `how` says. */
async function sshWith(
  t: TestScope,
  { port }: Pick<Portholed, 'port'>,
  fido: FidoKey,
  { how, args = [], ...rest }: Omit<SshOptions, 'port' | 'key'> & { readonly how?: FidoSignature } = {},
): Promise<Program> {
  const agent = await startMadeUpAgent(t, [{ blob: fido.blob, sign: (data) => fido.sign(data, how) }]);
  return openssh(t, { port, key: fido, args: ['-o', `IdentityAgent=${agent}`, ...args], ...rest });
}

async function loginOf(
  ...words: Parameters<typeof sshWith>
): Promise<{ code: number | null; stderr: string }> {
  const [t, gateway, fido, options] = words;
  const ssh = await sshWith(t, gateway, fido, { command: ['hello'], ...options });
  const { code } = await ssh.exit;
  return { code, stderr: ssh.stderr };
}

t.test('stock ssh with a FIDO key of the file dials in', async (t) => {
  const { gateway, keysFile, key } = await startPublicGateway(t);
  const fidos = [makeFidoKey(t), makeFidoKey(t, 'ecdsa')];
  const read = nextLine(gateway, ({ msg }) => msg === 'authorized keys read again');
  writeFileSync(keysFile, [key, ...fidos].map(({ line }) => `${line}\n`).join(''));
  await read;
  const { port } = await startTextApp(t, 'served');
  for (const [index, fido] of fidos.entries()) {
    const user = `pr-${String(index)}`;
    const args = ['-R', `80:127.0.0.1:${String(port)}`];
    const ssh = await sshWith(t, gateway, fido, { user, args });
    await ssh.said(new RegExp(`${user} is online`, 'u'));
    t.equal((await visit(gateway, `${user}.localhost/`)).body, 'served', fido.type);
  }
});

t.test('a touch, a PIN and the counter: what the line of the key says', async (t) => {
  const { gateway, keysFile } = await startPublicGateway(t);
  const [usual, lenient, strict] = [makeFidoKey(t), makeFidoKey(t, 'ecdsa'), makeFidoKey(t)];
  const read = nextLine(gateway, ({ msg }) => msg === 'authorized keys read again');
  const lines = [usual.line, `no-touch-required ${lenient.line}`, `verify-required ${strict.line}`];
  writeFileSync(keysFile, lines.map((line) => `${line}\n`).join(''));
  await read;
  const untouched = await loginOf(t, gateway, usual, { how: { flags: 0 } });
  t.equal(untouched.code, 255);
  t.match(untouched.stderr, /key refused: nobody touched the security key/u);
  t.equal((await loginOf(t, gateway, lenient, { how: { flags: 0 } })).code, 0);
  const unverified = await loginOf(t, gateway, strict);
  t.equal(unverified.code, 255);
  t.match(unverified.stderr, /this key needs a PIN or a fingerprint/u);
  t.equal((await loginOf(t, gateway, strict, { how: { flags: 5 } })).code, 0);

  t.equal((await loginOf(t, gateway, usual, { how: { counter: 7 } })).code, 0);
  const cloned = await loginOf(t, gateway, usual, { how: { counter: 7 } });
  t.equal(cloned.code, 255);
  t.match(cloned.stderr, /the counter of the security key went back: was the key cloned\?/u);
  t.equal((await loginOf(t, gateway, usual, { how: { application: 'ssh:other', counter: 8 } })).code, 255);
  t.equal((await loginOf(t, gateway, usual, { how: { counter: 8 } })).code, 0);
});

t.test('a FIDO key that an admin adds, and its counter beyond a restart', async (t) => {
  const { gateway, key, keysFile } = await startPublicGateway(t);
  const fido = makeFidoKey(t);
  const add = openssh(t, { port: gateway.port, key, command: ['key', 'add', '--name', 'token'] });
  add.write(`${fido.line} my token\n`);
  add.end();
  t.equal((await add.exit).code, 0);
  t.equal((await loginOf(t, gateway, fido, { how: { counter: 20 } })).code, 0);
  t.equal(await gateway.kill('SIGTERM'), 0);
  const args = ['--state-dir', gateway.stateDir, '--authorized-keys', keysFile];
  const again = await Portholed.start(t, args);
  const cloned = await loginOf(t, again, fido, { how: { counter: 20 } });
  t.match(cloned.stderr, /was the key cloned\?/u);
  t.equal((await loginOf(t, again, fido, { how: { counter: 21 } })).code, 0);
});

t.test('a certificate for a FIDO key', async (t) => {
  const authority = makeKey(t);
  const file = join(scratchDir(t), 'user_ca.pub');
  writeFileSync(file, `${authority.line}\n`);
  const { gateway } = await startPublicGateway(t, ['--user-ca', file]);
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const fido = makeFidoKey(t, kind);
    execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'ana', '-n', 'env:pr-*', fido.path], {
      stdio: 'pipe',
    });
    const args = ['-o', `CertificateFile=${fido.path.replace(/\.pub$/u, '-cert.pub')}`];
    t.match(await loginOf(t, gateway, fido, { args }), { code: 0 }, fido.type);
    t.match(await loginOf(t, gateway, fido, { args, how: { flags: 0 } }), {
      code: 255,
      stderr: /nobody touched the security key/u,
    });
    t.equal((await loginOf(t, gateway, fido)).code, 255, 'the key alone is not known');
  }
});
