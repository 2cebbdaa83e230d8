import { SignJWT, UnsecuredJWT } from 'jose';
import t from 'tap';
import { curl, type CurlAnswer } from '../support/curl.ts';
import { dial, tunnelGone } from '../support/dial.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { machineToken, preevyBasic, preevyIssuer } from '../support/machine-token.ts';
import { startApp } from '../support/recording-app.ts';
import { makeKey } from '../support/ssh-keys.ts';

const rsa = makeKey(t, { type: 'rsa', bits: 3072 });
const stranger = makeKey(t);
const { gateway, key } = await startGateway(t, ['--hold', '0s'], [rsa, stranger]);
const app = await startApp(t, 'app');
const target = `127.0.0.1:${String(app.port)}`;
const machine = await dial(t, gateway, { key, user: 'pr-1', forwards: [`80:${target}`, `web:80:${target}`] });
await dial(t, gateway, { key: rsa, user: 'pr-2', forwards: [`80:${target}`] });

function ask(host: string, ...args: string[]): Promise<CurlAnswer> {
  return curl(t, gateway, [...args, `https://${host}.localhost:${String(gateway.port)}/page?a=1`]);
}

function bearer(token: string): string[] {
  return ['--header', `Authorization: Bearer ${token}`];
}

t.test(
  "a token that the machine's key signed opens all that the machine serves, and nothing else",
  async (t) => {
    const token = await machineToken(key);
    for (const host of ['pr-1', 'web--pr-1']) {
      t.match(await ask(host, ...bearer(token)), { status: 200, body: 'app\n' }, host);
      const user = ['--user', `x-preevy-profile-key:${token}`];
      t.match(
        await ask(host, ...user),
        { status: 200, body: 'app\n' },
        `${host}, as Preevy writes it into URLs`,
      );
    }
    for (const seen of app.seen) {
      t.equal(seen.headers.authorization, undefined, 'the app never sees it');
      t.equal(seen.path, '/page?a=1');
    }
    for (const host of ['pr-2', 'pr-3', 'web--pr-2']) {
      const answer = await ask(host, ...bearer(token));
      t.match(answer, { status: 401, heads: /^porthole-error: ERR_LOGIN_REQUIRED$/im }, host);
    }
    t.match(await ask('pr-2', ...bearer(await machineToken(rsa, { alg: 'RS256' }))), { status: 200 });
  },
);

t.test('what is wrong with a token opens nothing', async (t) => {
  const issuer = await preevyIssuer(key);
  const now = Math.floor(Date.now() / 1000);
  const none = new UnsecuredJWT({}).setIssuer(issuer).setIssuedAt().setExpirationTime('1d').encode();
  const secret = new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer(issuer);
  const tokens = {
    'of another key': await machineToken(stranger),
    'of another key, in the name of this one': await machineToken(stranger, { issuer }),
    'without a signature': none,
    'signed with the public key': await secret.setExpirationTime('1d').sign(key.blob),
    expired: await machineToken(key, { expires: now - 1 }),
    'that never expires': await machineToken(key, { expires: undefined }),
    'for somebody else': await machineToken(key, { claims: { aud: 'https://elsewhere.test' } }),
    'not good yet': await machineToken(key, { claims: { nbf: now + 600 } }),
  };
  const before = app.seen.length;
  for (const [index, [name, token]] of Object.entries(tokens).entries()) {
    // Each from somewhere else: none of them has failed too often.
    const from = ['--interface', `127.0.1.${String(index + 1)}`];
    const answer = await ask('pr-1', ...from, ...bearer(token));
    t.match(answer, { status: 401, heads: /^porthole-error: ERR_LOGIN_REQUIRED$/im }, name);
    const basic = await ask('pr-1', ...from, '--header', `Authorization: ${preevyBasic(token)}`);
    t.equal(basic.status, 401, `${name}, as Basic`);
  }
  t.equal(app.seen.length, before);
});

t.test('who has shown too many has to wait; a good one is good all the same', async (t) => {
  const wrong = await machineToken(stranger);
  const from = ['--interface', '127.0.2.1'];
  let last = await ask('pr-1', ...from, ...bearer(wrong));
  for (let count = 0; count < 15 && last.status === 401; count += 1)
    last = await ask('pr-1', ...from, ...bearer(wrong));
  t.match(last, { status: 429, heads: /^retry-after: \d+$/im });
  t.match(await ask('pr-1', ...from, ...bearer(await machineToken(key))), { status: 200 });
  t.match(
    await ask('pr-1', '--interface', '127.0.2.2', ...bearer(wrong)),
    { status: 401 },
    'nobody else waits',
  );
});

t.test("Preevy's hint asks for the browser's own dialog", async (t) => {
  const url = `https://pr-1.localhost:${String(gateway.port)}/?_preevy_auth_hint=basic`;
  const answer = await curl(t, gateway, ['--header', 'Sec-Fetch-Mode: navigate', url]);
  t.match(answer, { status: 401, heads: /^www-authenticate: .*Basic realm=/im });
});

t.test('the machine is gone, and its tokens with it', async (t) => {
  machine.ssh.kill();
  await tunnelGone(gateway, machine.tunnelId);
  const token = await machineToken(key, { claims: { fresh: true } });
  const answer = await ask('pr-1', '--interface', '127.0.0.2', ...bearer(token));
  t.match(answer, { status: 401 });
  t.notMatch(JSON.stringify(gateway.lines), token, 'no token is ever logged');
});
