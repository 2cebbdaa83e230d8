import t from 'tap';
import { keyCheck } from '../../../client/commands/key-check.ts';
import { makeKey } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

t.test('a sound key, for people and for programs', async (t) => {
  const user = new FakeSurroundings(t);
  const { public: line, fingerprint } = makeKey();
  user.stdin = `${line} ana@home\n`;
  t.same(await keyCheck('-', { json: false }, user), { kind: 'ok' });
  t.same(user.stdout, [
    'this is a sound public key',
    `  fingerprint  ${fingerprint}`,
    '  type         ssh-ed25519 (256 bits)',
    '  comment      ana@home',
  ]);
  await keyCheck('-', { json: true }, user);
  t.same(JSON.parse(user.stdout.at(-1) ?? ''), {
    ...{ ok: true, fingerprint, type: 'ssh-ed25519', bits: 256, comment: 'ana@home', application: null },
    publicKey: `${line} ana@home`,
  });
});

t.test('what is wrong with it, by a code that stays', async (t) => {
  const user = new FakeSurroundings(t);
  user.stdin = makeKey().private;
  t.match(await keyCheck('-', { json: true }, user), { kind: 'failed', reason: /private key/ });
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { ok: false, code: 'private-key' });
  t.match(await keyCheck('/none/such', { json: true }, user), { kind: 'failed', reason: /no file/ });
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { ok: false, code: 'unreadable' });
});
