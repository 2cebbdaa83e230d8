import { resolve } from 'node:path';
import t from 'tap';
import { FakeSurroundings } from '../fake-surroundings.ts';

t.test('prints one line', async (t) => {
  const user = new FakeSurroundings(t);
  t.equal(await user.run('ssh-command', 'pr-1', 'web=3000', '--server', 'https://gw.example.com'), 0);
  t.equal(user.stdout.length, 1);
  t.match(user.stdout[0], /^ssh .* -R web:80:localhost:3000 -l pr-1 gw\.example\.com$/);
  t.match(user.stdout[0], 'openssl s_client');
});

t.test('--raw and ssh:// are the same without TLS', async (t) => {
  const user = new FakeSurroundings(t);
  t.equal(
    await user.run('ssh-command', 'pr-1', '3000', '--server', 'https://gw.example.com:8443', '--raw'),
    0,
  );
  t.equal(await user.run('ssh-command', 'pr-1', '3000', '--server', 'ssh://gw.example.com:8443'), 0);
  t.equal(user.stdout[0], user.stdout[1]);
  t.notMatch(user.stdout[0], 'openssl');
});

t.test('what ssh cannot do is refused', async (t) => {
  const user = new FakeSurroundings(t);
  const pin = `SHA256:${'a'.repeat(43)}`;
  const cases = [
    ['pr-1', '3000', '--host-key', pin],
    ['pr-1', `web=3000?host=${'a'.repeat(63)}.${'b'.repeat(50)}`],
    ['pr-1', 'nonsense'],
    ['pr-1', '3000', '--server', 'nonsense://x'],
  ];
  for (const args of cases) t.equal(await user.run('ssh-command', ...args), 2, args.join(' '));
  t.equal(user.stdout.length, 0);
});

t.test('files are named so that the line works in any folder', async (t) => {
  const user = new FakeSurroundings(t);
  t.equal(await user.run('ssh-command', 'pr-1', '3000', '--ca', 'ca.pem', '-i', 'key'), 0);
  t.match(user.stdout[0], `-CAfile ${resolve('ca.pem')}`);
  t.match(user.stdout[0], `-i ${resolve('key')} `);
});
