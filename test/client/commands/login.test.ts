import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { FakeExchange } from '../oidc/fake-gateway-https.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

const gateway = await FakeExchange.start(t);
const server = `https://localhost:${String(gateway.server.port)}`;

function surroundings(t: Parameters<typeof FakeExchange.start>[0]): {
  user: FakeSurroundings;
  args: string[];
} {
  const user = new FakeSurroundings(t, { env: { PORTHOLE_ID_TOKEN: 'a.b.c' } });
  return { user, args: ['login', '--oidc', '--server', server, '--ca', user.write('ca.pem', gateway.ca)] };
}

t.test('a certificate in a file, with what to do next', async (t) => {
  const { user, args } = surroundings(t);
  t.equal(
    await user.run(...args, '--out', 'id', '--ttl', '5m', '--env-pattern', 'pr-1', '--env-pattern', 'pr-2'),
    0,
  );
  const file = join(user.home, 'id');
  t.match(readFileSync(`${file}-cert.pub`, 'utf8'), /^ssh-ed25519-cert-v01@openssh\.com /);
  t.match(user.stdout, [
    /^ci:acme\/shop \(machine\), for pr-\*, until /,
    /-cert\.pub/,
    `next: porthole connect 3000 --server ${server} --identity ${file}`,
  ]);
  t.match(gateway.asked.at(-1)?.body, { ttl: '5m', env: ['pr-1', 'pr-2'] });
});

t.test('or as JSON, with the own key', async (t) => {
  const { user, args } = surroundings(t);
  t.equal(await user.run(...args, '--json'), 0);
  const told = JSON.parse(user.stdout.join('')) as { identity: string };
  t.match(told, {
    principal: 'ci:acme/shop',
    identity: join(user.home, '.local/state/porthole/client/id_ed25519'),
  });
});

t.test('what is wrong', async (t) => {
  const { user, args } = surroundings(t);
  t.equal(await user.run('login', '--server', server, '--out', 'id'), 2, 'a browser takes no certificate');
  t.equal(await user.run(...args, '--server', 'ssh://localhost'), 2);
  t.equal(await user.run(...args, '--identity', 'x'), 2);
  user.write('taken', 'x');
  t.equal(await user.run(...args, '--out', 'taken'), 2);
  t.equal(await user.run(...args, '--oidc-token-env', 'NONE'), 3);
  gateway.answer = () => ({ status: 403, body: { message: 'No.' } });
  t.equal(await user.run(...args), 3);
  gateway.answer = () => ({ status: 503, body: {} });
  t.equal(await user.run(...args), 1);
  gateway.answer = () => ({ body: { certificate: 'x', expiresAt: new Date().toISOString() } });
  t.equal(await user.run(...args), 1, 'nothing that is no certificate is written');
  t.notMatch(user.stdout.concat(user.stderr).join(), /a\.b\.c/);
});

t.test('what is about certificates goes with --oidc only', async (t) => {
  const { user } = surroundings(t);
  for (const [flag, value] of [
    ['--out', 'id'],
    ['--ttl', '5m'],
    ['--env-pattern', 'pr-1'],
    ['--oidc-token-env', 'X'],
    ['--oidc-token-file', 'x'],
    ['--oidc-audience', 'x'],
  ] as const) {
    t.equal(await user.run('login', '--server', server, flag, value), 2);
    t.match(user.stderr.at(-1), `${flag} is about the certificate of a CI job`);
  }
});
