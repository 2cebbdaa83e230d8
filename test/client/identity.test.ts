import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findIdentities, type IdentityOptions } from '../../client/identity.ts';
import { FakeGateway } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';

function find(
  user: FakeSurroundings,
  options: Partial<IdentityOptions> = {},
): ReturnType<typeof findIdentities> {
  return findIdentities({
    file: undefined,
    agentSocket: undefined,
    home: user.home,
    ownKeyFile: join(user.home, 'own', 'id_ed25519'),
    askPassphrase: undefined,
    ...options,
  });
}

function keygen(
  user: FakeSurroundings,
  name: string,
  passphrase: string,
  type = 'ed25519',
): { file: string; fingerprint: string } {
  const file = join(user.home, '.ssh', name);
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-t', type, '-N', passphrase, '-f', file]);
  const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], {
    encoding: 'utf8',
  }).split(' ');
  return { file, fingerprint };
}

/** A real agent with these keys in it. */
async function agent(t: Test, user: FakeSurroundings, files: readonly string[]): Promise<string> {
  const socket = join(user.home, 'agent.sock');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  await once(child.stdout, 'data');
  for (const file of files)
    execFileSync('ssh-add', ['-q', file], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    });
  return socket;
}

t.test('without a word: the agent, then the usual files, each key once', async (t) => {
  const user = new FakeSurroundings(t);
  const inAgent = keygen(user, 'other', '');
  const both = keygen(user, 'id_ed25519', '');
  const inFile = keygen(user, 'id_rsa', '', 'rsa');
  const agentSocket = await agent(t, user, [inAgent.file, both.file]);
  const found = await find(user, { agentSocket });
  t.ok(found.ok);
  t.same(found.ok && found.value.map((key) => key.fingerprint), [
    inAgent.fingerprint,
    both.fingerprint,
    inFile.fingerprint,
  ]);
  t.same(found.ok && found.value.map((key) => key.signer.type), ['agent', 'agent', 'publickey']);
});

t.test('a key of the agent signs, of every type', async (t) => {
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const user = new FakeSurroundings(t);
    const key = keygen(user, 'only-in-agent', '', type);
    user.env['SSH_AUTH_SOCK'] = await agent(t, user, [key.file]);
    rmSync(key.file);
    const gateway = await FakeGateway.start(t, { admitted: [key.fingerprint] });
    const server = ['--server', `ssh://127.0.0.1:${gateway.port}`, '--host-key', gateway.fingerprint];
    const running = user.run('connect', 'pr-1', '3000', ...server, '--json');
    await user.event('forward');
    user.signal();
    t.equal(await running, 0, type);
  }
});

t.test('an agent that is not there, or says nothing sensible, is passed over', async (t) => {
  const user = new FakeSurroundings(t);
  const { fingerprint } = keygen(user, 'id_ed25519', '');
  const nonsense = join(user.home, 'nonsense.sock');
  const server = createServer((socket) => socket.end('what?')).listen(nonsense);
  t.teardown(() => server.close());
  for (const agentSocket of ['', join(user.home, 'nowhere.sock'), nonsense]) {
    const found = await find(user, { agentSocket });
    t.same(found.ok && found.value.map((key) => key.fingerprint), [fingerprint], agentSocket);
  }
});

t.test('--identity means this key and no other', async (t) => {
  const user = new FakeSurroundings(t);
  keygen(user, 'id_ed25519', '');
  const mine = keygen(user, 'mine', '');
  const agentSocket = await agent(t, user, [mine.file, join(user.home, '.ssh', 'id_ed25519')]);
  const byPrivate = await find(user, { file: mine.file, agentSocket });
  t.match(byPrivate, { ok: true, value: [{ fingerprint: mine.fingerprint, signer: { type: 'publickey' } }] });
  const byPublic = await find(user, { file: `${mine.file}.pub`, agentSocket });
  t.match(byPublic, { ok: true, value: [{ fingerprint: mine.fingerprint, signer: { type: 'agent' } }] });
  t.match(await find(user, { file: `${mine.file}.pub` }), { ok: false, problem: /public key/ });
  t.match(await find(user, { file: join(user.home, 'nowhere') }), { ok: false, problem: /ENOENT/ });
  t.match(await find(user, { file: user.write('nonsense', 'nonsense') }), {
    ok: false,
    problem: /not a private key/,
  });
});

t.test('a locked key', async (t) => {
  const user = new FakeSurroundings(t);
  const locked = keygen(user, 'id_ed25519', 'secret');

  await t.test('that the agent has open needs no question', async (t) => {
    const open = join(user.home, 'open');
    copyFileSync(locked.file, open);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret', '-N', '', '-f', open]);
    const agentSocket = await agent(t, user, [open]);
    t.match(await find(user, { file: locked.file, agentSocket }), {
      ok: true,
      value: [{ signer: { type: 'agent' } }],
    });
  });
  await t.test('is asked for where there is a terminal', async (t) => {
    const answers = ['wrong', 'secret'];
    const questions: string[] = [];
    const askPassphrase = (question: string): Promise<string | undefined> => {
      questions.push(question);
      return Promise.resolve(answers.shift());
    };
    t.match(await find(user, { askPassphrase }), { ok: true, value: [{ fingerprint: locked.fingerprint }] });
    t.equal(questions.length, 2);
    t.match(questions[0], locked.file);
  });
  await t.test('is given up after three tries, or when the user does', async (t) => {
    let asked = 0;
    const wrong = (): Promise<string> => Promise.resolve(`wrong ${asked++}`);
    t.match(await find(user, { askPassphrase: wrong }), { ok: false, problem: /ssh-add/ });
    t.equal(asked, 3);
    t.match(await find(user, { askPassphrase: () => Promise.resolve(undefined) }), {
      ok: false,
      problem: /not unlocked/,
    });
  });
  await t.test('is a clear problem elsewhere', async (t) => {
    t.match(await find(user), { ok: false, problem: /passphrase.*ssh-add/ });
    t.match(await find(user, { file: locked.file }), { ok: false, problem: /passphrase.*ssh-add/ });
  });
  await t.test('is passed over when there is another', async (t) => {
    const other = keygen(user, 'id_rsa', '', 'rsa');
    const found = await find(user);
    t.same(found.ok && found.value.map((key) => key.fingerprint), [other.fingerprint]);
  });
});
