import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fileTree } from '../../support/file-tree.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { sshdPlace, type SshdPlace } from '../../support/sshd-place.ts';
import { FakeGateway } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

const targetId = '11111111-2222-3333-4444-555555555555';

interface Setting {
  readonly user: FakeSurroundings;
  readonly places: SshdPlace;
  readonly reach: readonly string[];
  readonly at: readonly string[];
  /** What the gateway signs with from now on. */
  readonly sign: () => void;
}

async function setting(t: TestScope): Promise<Setting> {
  let line = `${makeKey(t).line} machines`;
  const gateway = await FakeGateway.start(t, {
    run: (command) => {
      if (command === 'gate ca') return { stdout: `${line}\n`, code: 0 };
      return command === 'hello'
        ? { stdout: `${JSON.stringify({ env: 'pr-1', tunnels: {} })}\n`, code: 0 }
        : undefined;
    },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  const places = sshdPlace(t);
  return {
    user,
    places,
    reach: ['--server', `ssh://127.0.0.1:${String(gateway.port)}`, '--host-key', gateway.fingerprint],
    at: ['--sshd-config', places.sshdConfig, '--dir', places.dir],
    sign: () => (line = `${makeKey(t).line} another`),
  };
}

t.test('set up, looked at, and removed', async (t) => {
  const { user, places, reach, at, sign } = await setting(t);
  const untouched = fileTree(places.root);
  t.equal(await user.run('agent', 'status', ...at, ...reach, '--json'), 1);
  t.same(JSON.parse(user.stdout.at(-1) ?? ''), { setUp: false });

  t.equal(await user.run('agent', 'setup', 'PR-1', '--user', 'root', ...at, ...reach), 0, user.stderr.join());
  t.match(user.stdout.join('\n'), /^set up: .*60-porthole\.conf/m);
  const principal = readFileSync(join(places.dir, 'principals', 'root'), 'utf8');
  t.match(principal, /^vm:[0-9a-f-]{36}\/root\n$/);
  t.equal(await user.run('agent', 'setup', '--user', 'root', '--no-reload', ...at, ...reach, '--json'), 0);
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { changed: false }, 'without a name it is who it was');
  t.equal(await user.run('agent', 'setup', 'pr-1', '--user', 'root', ...at, ...reach), 0);
  t.equal(readFileSync(join(places.dir, 'principals', 'root'), 'utf8'), principal, 'connect keeps the same');

  t.equal(await user.run('agent', 'status', ...at, ...reach), 0);
  t.match(user.stdout.at(-1), /signs with this key/);
  sign();
  t.equal(await user.run('agent', 'status', '--dir', places.dir, ...reach), 1);
  t.match(user.stderr.at(-1), /signs with another key now/);
  t.equal(await user.run('agent', 'status', '--dir', places.dir, '--offline', '--json'), 0);
  t.equal(
    await user.run('agent', 'status', '--dir', places.dir, '--server', 'ssh://127.0.0.1:1', '--json'),
    0,
  );
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { gateway: 'unknown' });
  rmSync(join(places.dir, 'machine_ca.pub'));
  t.equal(await user.run('agent', 'status', ...at, '--offline'), 1);

  t.equal(await user.run('agent', 'remove', '--dir', places.dir, '--json'), 0, 'it knows where that was');
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { kind: 'done' });
  t.same(fileTree(places.root), untouched);
  t.equal(await user.run('agent', 'remove', ...at), 0);
  t.equal(user.stdout.at(-1), 'nothing is set up on this machine');
});

t.test('what would be written is shown, and not written', async (t) => {
  const { user, places, reach, at } = await setting(t);
  places.configure(['TrustedUserCAKeys /etc/other']);
  const untouched = fileTree(places.root);
  const words = ['--target-id', targetId, '--any-user', '--print', ...at, ...reach];
  t.equal(await user.run('agent', 'setup', ...words), 0, user.stderr.join());
  t.match(user.stdout.join('\n'), /### .*principals-command \(mode 0755/);
  places.configure(['Nonsense yes']);
  t.equal(await user.run('agent', 'setup', ...words), 1);
  writeFileSync(places.sshdConfig, 'UsePAM no\n');
  places.configure();
  t.same(fileTree(places.root).length, untouched.length);
});

t.test('words that are none', async (t) => {
  const { user, reach, at } = await setting(t);
  const cases: [words: string[], reason: RegExp][] = [
    [[], /--user NAME, once for each, or --any-user/],
    [['--user', 'root', '--any-user'], /or --any-user/],
    [['--user', '../root'], /--user: .* is no name of a user/],
    [['--user', 'root'], /say which machine this is/],
    [['--user', 'root', '--target-id', 'pr-1'], /8-4-4-4-12/],
    [['--user', 'root', '--longest-certificate', 'soon'], /--longest-certificate: /],
    [['--user', 'root', '--longest-certificate', '30s'], /less than 1m/],
    [['--user', 'root', '--max-startups', 'many'], /START:RATE:FULL/],
    [['--user', 'root', '--drop-in', 'a b.conf'], /characters in it that sshd would read/],
  ];
  for (const [words, reason] of cases) {
    t.equal(await user.run('agent', 'setup', ...words, ...at, ...reach), 2, words.join(' '));
    t.match(user.stderr.at(-1), reason);
  }
  for (const command of ['status', 'remove']) t.equal(await user.run('agent', command, '--dir', 'a b'), 2);
});

t.test('what fails is told, and changes nothing', async (t) => {
  const { user, places, reach, at } = await setting(t);
  const words = ['agent', 'setup', '--target-id', targetId, '--user', 'root'];
  t.equal(await user.run(...words, ...at, '--server', 'ssh://127.0.0.1:1'), 1);
  t.equal(await user.run(...words, ...at, '--server', 'nonsense://x'), 2);
  mkdirSync(places.dir);
  writeFileSync(join(places.dir, 'principals'), 'a file');
  const before = fileTree(places.root);
  t.equal(await user.run(...words, ...at, ...reach), 1);
  t.match(user.stderr.at(-1), /All is as it was before/);
  t.same(fileTree(places.root), before);
});
