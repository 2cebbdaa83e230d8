import { readFileSync } from 'node:fs';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { startPublicGateway } from '../support/dial.ts';
import { startDialling } from '../support/machine.ts';
import { openssh } from '../support/openssh.ts';
import { Portholed } from '../support/portholed.ts';
import type { TestScope } from '../support/scope.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';

interface AuditLine {
  readonly time: string;
  readonly principal: string | null;
  readonly fingerprint: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly target: string | null;
  readonly result: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Gives a command to the gateway with the real `ssh`. */
async function run(
  t: TestScope,
  gateway: Portholed,
  { key, command, input = '' }: { key: SshKey; command: string; input?: string },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const ssh = openssh(t, { port: gateway.port, key, user: 'desk', command: [command] });
  ssh.write(input);
  ssh.end();
  const { code } = await ssh.exit;
  return { code, stdout: ssh.stdout, stderr: ssh.stderr };
}

async function auditOf(
  t: TestScope,
  gateway: Portholed,
  key: SshKey,
  words = '',
): Promise<readonly AuditLine[]> {
  const { code, stdout, stderr } = await run(t, gateway, { key, command: `audit --json ${words}` });
  if (code !== 0) throw new Error(`audit ended with ${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as AuditLine[];
}

t.test('who dialled in, who was refused, who changed what, and what came of it', async (t) => {
  const stateDir = scratchDir(t);
  const { gateway, key: admin, keysFile } = await startPublicGateway(t, ['--state-dir', stateDir]);
  const [ana, ci, stranger] = [makeKey(t), makeKey(t), makeKey(t)];
  const add = async (key: SshKey, words: string): Promise<void> => {
    const input = readFileSync(`${key.path}.pub`, 'utf8');
    const added = await run(t, gateway, { key: admin, command: `key add ${words}`, input });
    t.equal(added.code, 0, added.stderr);
  };
  await add(ana, '--principal ana --name laptop --role member --env pr-*');
  await add(ci, '--name ci --env ci-*');

  const tunnel = openssh(t, {
    ...{ port: gateway.port, key: ana, user: 'pr-1' },
    args: ['-N', '-R', '80:localhost:1'],
  });
  await gateway.line((line) => line.msg === 'forward added');
  const evil = 'root\u001b[2J\nana login ok';
  const refused = startDialling(t, gateway.port, { key: stranger, user: evil });
  refused.client.on('error', () => undefined);
  await refused.closed;
  t.equal((await run(t, gateway, { key: ci, command: 'key add' })).code, 3);
  const own = await auditOf(t, gateway, ana);
  t.ok(own.length > 0);
  t.same(
    own.filter(({ principal }) => principal !== 'ana'),
    [],
    'a member sees what it did itself',
  );
  t.equal((await run(t, gateway, { key: ana, command: 'audit --principal ci' })).code, 3);
  t.equal((await run(t, gateway, { key: ci, command: 'audit' })).code, 3, 'a machine sees nothing');

  const revoked = await run(t, gateway, { key: admin, command: "key revoke ana/laptop --reason 'lost it'" });
  t.equal(revoked.code, 0, revoked.stderr);
  t.not((await tunnel.exit).code, 0);
  await gateway.line((line) => line.msg === 'tunnel closed' && line['env'] === 'pr-1');

  const all = await auditOf(t, gateway, admin);
  const find = (wanted: Partial<AuditLine>): AuditLine | undefined =>
    all.find((line) =>
      Object.entries(wanted).every(([name, value]) => line[name as keyof AuditLine] === value),
    );
  const print = (key: SshKey): string => fingerprint(key.blob);
  const here = '127.0.0.1';
  t.match(find({ action: 'key.add', target: 'ana/laptop' }), {
    ...{ fingerprint: print(admin), address: here, result: 'ok', time: /^20.*Z$/ },
  });
  t.ok(find({ action: 'key.add', target: 'ci/ci', result: 'ok' }));
  t.match(find({ action: 'login', target: 'pr-1' }), {
    ...{ principal: 'ana', fingerprint: print(ana), address: here, result: 'ok' },
  });
  t.match(find({ action: 'login.refused' }), {
    ...{ principal: null, fingerprint: print(stranger), address: here, target: evil, result: 'refused' },
    detail: { reason: 'this key is not known here' },
  });
  t.match(find({ action: 'key.add', result: 'refused' }), { principal: 'ci', fingerprint: print(ci) });
  t.match(find({ action: 'key.revoke' }), {
    ...{ fingerprint: print(admin), target: 'ana/laptop', result: 'ok' },
  });
  t.match(find({ action: 'tunnel.end', target: 'pr-1' }), {
    ...{ principal: 'ana', detail: { reason: /^access withdrawn: .*lost it/ } },
  });
  t.same(
    (await auditOf(t, gateway, admin, '--action key --limit 1')).map(({ action }) => action),
    ['key.revoke'],
  );

  const text = await run(t, gateway, { key: admin, command: 'audit --since 1h' });
  t.match(text.stdout, / UTC {2}- +login\.refused {2}/);
  t.notMatch(text.stdout, /[^\n\x20-\x7e]/, 'nothing acts on a terminal');

  await gateway.kill('SIGTERM');
  const again = await Portholed.start(t, ['--state-dir', stateDir, '--authorized-keys', keysFile]);
  const kept = await auditOf(t, again, admin, '--limit 10000');
  for (const line of all) t.ok(kept.some(({ time, action }) => time === line.time && action === line.action));
});
