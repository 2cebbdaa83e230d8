import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { gateKey, targetFacts, targetId } from '../../support/ssh-config-facts.ts';
import { certificateOf, configGateway, fakeSsh } from '../config-gateway.ts';

t.test('what stock ssh is given, and its exit status', async (t) => {
  const { user, run } = await configGateway(t);
  fakeSsh(
    user,
    'cp "$2" "$OUT/conf"; cp "$(dirname "$2")/known_hosts" "$OUT/kh"; echo "$@" > "$OUT/args"; exit 9',
  );
  writeFileSync(join(user.home, '.ssh', 'config'), 'Host *\n');
  t.equal(await run('ssh', 'pr-42', '--os-user', 'root', '--', 'uname', '-a'), 9);
  t.match(readFileSync(join(user.home, 'args'), 'utf8'), /^-F \S+\/config -l root pr-42 uname -a\n$/);
  t.match(
    readFileSync(join(user.home, 'conf'), 'utf8'),
    `\nMatch all\n  Include "${user.home}/.ssh/config"\n`,
  );
  t.match(readFileSync(join(user.home, 'kh'), 'utf8'), `porthole-gate ${gateKey}\n`);
  t.notOk(existsSync(/-F (\S+)/.exec(readFileSync(join(user.home, 'args'), 'utf8'))?.[1] ?? '/'), 'gone');
});

t.test('a signal, and no ssh at all', async (t) => {
  const { user, run } = await configGateway(t);
  fakeSsh(user, 'kill -9 $$');
  t.equal(await run('ssh', 'pr-42'), 137);
  user.env['PATH'] = join(user.home, 'nothing');
  t.equal(await run('ssh', 'pr-42'), 1);
  t.match(user.stderr.at(-1), /there is no ssh here/);
});

t.test('which machine, and as whom', async (t) => {
  const b = targetFacts({
    id: '11111111-2222-4333-8444-555555555555',
    name: 'b',
    aliases: [],
    env: 'pr-42',
    unconfirmed: true,
  });
  const two = await configGateway(t, {
    targets: [targetFacts(), b],
    environments: [{ env: 'pr-42', services: [] }],
  });
  fakeSsh(two.user, 'echo "$@" > "$OUT/args"');
  t.equal(await two.run('ssh', 'other'), 2);
  t.match(two.user.stderr.at(-1), /pr-42 has several machines: pr-42, b/);
  t.equal(await two.run('ssh', 'B'), 0);
  t.match(readFileSync(join(two.user.home, 'args'), 'utf8'), `${b.id}\n`);
  t.match(two.user.stderr.join('\n'), /WARNING/);
  t.equal(await two.run('ssh', 'pr-42', '--os-user', 'a b'), 2);
  t.equal(await two.run('ssh', 'pr-42', '--server', 'x y'), 2);
  t.equal(await (await configGateway(t, { targets: [] })).run('ssh', 'pr-42'), 1);
  t.equal(await (await configGateway(t, { code: 3, stderr: 'no\n' })).run('ssh', 'pr-42'), 3);
  const bad = { gate: { name: 'a b', host: 'x', port: 1, ownAddress: true, hostKeys: [gateKey] } };
  t.equal(await (await configGateway(t, bad)).run('ssh', 'pr-42'), 1);
});

t.test('the certificate', async (t) => {
  const cert = { code: 0, stdout: '' };
  const target = targetFacts({ takesCertificates: true });
  const profiles = [{ name: 'p', target: targetId, osUser: 'deploy' }];
  const { user, commands, run } = await configGateway(t, { targets: [target], profiles, profile: 'p' }, cert);
  fakeSsh(user, 'cp "$2" "$OUT/conf"');
  cert.stdout = certificateOf(user, '+10m');
  t.equal(await run('ssh', 'pr-42', '--profile', 'p'), 0);
  t.same(commands.at(-1), ['target', 'cert', '--os-user=deploy', '--', targetId]);
  t.match(readFileSync(join(user.home, 'conf'), 'utf8'), `/${targetId}-deploy-cert.pub"\n`);
  const without = await configGateway(t, { targets: [target] });
  fakeSsh(without.user, 'cp "$2" "$OUT/conf"');
  t.equal(await without.run('ssh', 'pr-42'), 0);
  t.match(without.user.stderr, [/no certificate for dev: no certificate/]);
  t.notMatch(readFileSync(join(without.user.home, 'conf'), 'utf8'), 'CertificateFile');
});
