import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import t from 'tap';
import { dialIn, startDialling, type Machine } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey, type SshKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

type Signer = (data: Buffer) => Buffer | undefined;

/** An agent that offers one key and signs as the test wants; a signer that gives nothing never answers. */
function agentFor(offered: SshKey, sign: Signer): ssh2.BaseAgent {
  const publicKey = ssh2.utils.parseKey(offered.line);
  if (publicKey instanceof Error) throw publicKey;
  // ssh2's types for agents are wrong about the callbacks.
  const agent = {
    getIdentities: (callback: (error: undefined, keys: unknown[]) => void) => {
      callback(undefined, [publicKey]);
    },
    sign: (
      _key: unknown,
      data: Buffer,
      _options: unknown,
      callback: (error: null, signature: Buffer) => void,
    ) => {
      const signature = sign(data);
      if (signature !== undefined) callback(null, signature);
    },
  };
  return Object.setPrototypeOf(agent, ssh2.BaseAgent.prototype) as ssh2.BaseAgent;
}

/** Sends a signed login with the key's oldest algorithm, without having asked whether the key may try. */
function sendLogin(machine: Machine, key: SshKey): void {
  const parsed = ssh2.utils.parseKey(key.privateKey);
  if (parsed instanceof Error) throw parsed;
  const { authPK } = machine.protocol as unknown as { authPK: (...words: unknown[]) => void };
  authPK.call(
    machine.protocol,
    'pr-1',
    parsed,
    undefined,
    (data: Buffer, done: (signature: unknown) => void) => {
      done(parsed.sign(data));
    },
  );
}

/** What a client does instead of ssh2's own tries. */
function authHandler(handler: (next: (auth: unknown) => void) => void): ssh2.ConnectConfig {
  const handle = (_left: unknown, _partial: unknown, next: (auth: unknown) => void): void => {
    handler(next);
  };
  return { authHandler: handle } as unknown as ssh2.ConnectConfig;
}

function signerOf(key: SshKey): Signer {
  const parsed = ssh2.utils.parseKey(key.privateKey);
  if (parsed instanceof Error) throw parsed;
  return (data) => parsed.sign(data);
}

function agentConfig(agent: ssh2.BaseAgent): ssh2.ConnectConfig {
  return { agent, authHandler: ['agent'] } as unknown as ssh2.ConnectConfig;
}

/** Waits for the end of a login; 'ready' or the level of ssh2's error. */
async function outcome(client: ssh2.Client): Promise<string> {
  return Promise.race([
    once(client, 'ready').then(
      () => 'ready',
      (error: unknown) => (error as { level?: string }).level ?? String(error),
    ),
    new Promise<string>((resolve) => void client.on('close', () => resolve('closed'))),
  ]);
}

t.test('the right key with the right signature', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t);
  const machine = startDialling(t, gateway.port, { key, config: agentConfig(agentFor(key, signerOf(key))) });
  t.equal(await outcome(machine.client), 'ready');
  t.same(gateway.counted, ['authenticated ok', 'tunnel opened']);
});

t.test('the right key with the signature of another', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t);
  const machine = startDialling(t, gateway.port, {
    key,
    config: agentConfig(agentFor(key, signerOf(makeKey(t)))),
  });
  t.equal(await outcome(machine.client), 'client-authentication');
  t.ok(gateway.counted.includes('authenticated refused'));
  t.notOk(gateway.counted.includes('authenticated ok'));
  t.ok(gateway.logLines.some((line) => line['reason'] === 'the signature is wrong'));
  t.same(gateway.server.tunnels, []);
});

t.test('no garbage is a signature, of any length', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t);
  const good = signerOf(key);
  const signers: Signer[] = [
    () => Buffer.alloc(0),
    () => Buffer.alloc(1, 1),
    () => Buffer.alloc(64),
    () => Buffer.alloc(64, 0xff),
    () => Buffer.alloc(65, 1),
    () => Buffer.alloc(5000, 1),
    (data) => good(data.subarray(1)),
    (data) => good(data)?.subarray(0, 63),
  ];
  for (const sign of signers) {
    const machine = startDialling(t, gateway.port, { key, config: agentConfig(agentFor(key, sign)) });
    t.not(await outcome(machine.client), 'ready');
  }
  t.notOk(gateway.counted.includes('authenticated ok'));
  t.same(gateway.server.tunnels, []);
  t.ok(await dialIn(t, gateway.port, { key }), 'the gateway lives');
});

t.test('a key that no signature can be checked with proves nothing', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t, { type: 'ecdsa', bits: 256 });
  const blob = Buffer.from(key.blob);
  blob.writeUInt8(blob.readUInt8(blob.length - 1) ^ 1, blob.length - 1);
  // Its point is not on its curve. ssh2's verify() then returns an Error, which is true.
  const broken = { ...key, blob, line: `${key.type} ${blob.toString('base64')}` };
  const machine = startDialling(t, gateway.port, {
    key,
    config: agentConfig(agentFor(broken, signerOf(key))),
  });
  t.not(await outcome(machine.client), 'ready');
  t.notOk(gateway.counted.includes('authenticated ok'));
});

t.test('a signature is good for its own connection only', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t);
  const good = signerOf(key);
  let overheard: Buffer | undefined;
  const honest = startDialling(t, gateway.port, {
    key,
    config: agentConfig(agentFor(key, (data) => (overheard = good(data)))),
  });
  t.equal(await outcome(honest.client), 'ready');
  const replayed = startDialling(t, gateway.port, {
    key,
    config: agentConfig(agentFor(key, () => overheard)),
  });
  t.not(await outcome(replayed.client), 'ready');
});

t.test('the question whether a key may try proves nothing', async (t) => {
  const gateway = await startSshGateway(t, { loginGraceMs: 20_000 });
  const key = makeKey(t);
  const asked = Promise.withResolvers<undefined>();
  const agent = agentFor(key, () => {
    asked.resolve(undefined);
    return undefined;
  });
  const machine = startDialling(t, gateway.port, { key, config: agentConfig(agent) });
  await asked.promise;
  const refused = Promise.withResolvers<undefined>();
  machine.protocol._handlers['REQUEST_FAILURE'] = () => {
    refused.resolve(undefined);
  };
  const noSession = Promise.withResolvers<undefined>();
  machine.protocol._handlers['CHANNEL_OPEN_FAILURE'] = () => {
    noSession.resolve(undefined);
  };
  machine.protocol.tcpipForward('web', 80, true);
  machine.protocol.session(0, 1000, 1000);
  await refused.promise;
  await noSession.promise;
  t.same(gateway.counted, []);
  t.same(gateway.server.tunnels, []);
  t.same([...gateway.registry.views()], []);
  t.equal(gateway.server.pendingLogins, 1, 'it is still nobody');
});

t.test('a key that is not known', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t);
  gateway.admissions.set(key.blob, 'refused');
  const ssh = openssh(t, { port: gateway.port, key, command: ['hello'] });
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /porthole: ssh-ed25519 key refused: this key is not known here/);
  t.match(ssh.stderr, /Permission denied \(publickey\)/);
  t.match(gateway.logLines, [
    {},
    { level: 'info', msg: 'login refused', reason: 'this key is not known here', user: 'pr-1' },
  ]);
});

t.test('no passwords, whatever is tried; each try counts', async (t) => {
  const gateway = await startSshGateway(t, { maxAuthTries: 3 });
  const tried: string[] = [];
  const methods = ['none', 'password', 'keyboard-interactive', 'password', 'password', 'password'];
  const machine = startDialling(t, gateway.port, {
    config: {
      password: 'secret',
      tryKeyboard: true,
      ...authHandler((next) => {
        const method = methods[tried.length] ?? false;
        tried.push(String(method));
        next(method);
      }),
    },
  });
  t.not(await outcome(machine.client), 'ready');
  t.same(tried, methods.slice(0, 4), 'none is free, then three');
  t.same(gateway.counted, [
    'authenticated refused',
    'authenticated refused',
    'authenticated refused',
    'authenticated too-many-tries',
  ]);
});

t.test('too many keys: the connection ends, and says so', async (t) => {
  const gateway = await startSshGateway(t, { maxAuthTries: 3 });
  const keys = [1, 2, 3, 4, 5].map(() => makeKey(t));
  for (const key of keys.slice(0, 4)) gateway.admissions.set(key.blob, 'refused');
  const [first, ...others] = keys;
  if (first === undefined) return;
  const args = others.flatMap((key) => ['-i', key.path]);
  const ssh = openssh(t, { port: gateway.port, key: first, args, command: ['hello'] });
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /too many keys were tried.*IdentitiesOnly/);
  t.same(gateway.counted, [
    'authenticated refused',
    'authenticated refused',
    'authenticated refused',
    'authenticated too-many-tries',
  ]);
  await until('the socket is gone', () => gateway.sockets[0]?.destroyed === true);
});

t.test('after too many tries not even the right key helps, though it was sent along', async (t) => {
  const gateway = await startSshGateway(t, { maxAuthTries: 1 });
  const [wrong, right] = [makeKey(t), makeKey(t)];
  gateway.admissions.set(wrong.blob, 'refused');
  const config = authHandler((next) => {
    machine.socket.cork();
    next({ type: 'publickey', username: 'pr-1', key: wrong.privateKey });
    sendLogin(machine, right);
    machine.socket.uncork();
  });
  const machine = startDialling(t, gateway.port, { key: right, config });
  t.not(await outcome(machine.client), 'ready');
  t.same(gateway.counted, ['authenticated refused', 'authenticated too-many-tries']);
});

t.test('DSA keys and RSA with SHA-1 are refused with a reason, and end nothing', async (t) => {
  const gateway = await startSshGateway(t);
  const dsa = makeKey(t, { type: 'dsa' });
  const old = openssh(t, {
    port: gateway.port,
    key: dsa,
    args: ['-o', 'PubkeyAcceptedAlgorithms=+ssh-dss'],
    command: ['hello'],
  });
  t.equal((await old.exit).code, 255);
  t.ok(gateway.counted.includes('authenticated refused'));
  const rsa = makeKey(t, { type: 'rsa', bits: 2048 });
  const config = authHandler(() => {
    sendLogin(sha1, rsa);
  });
  const sha1 = startDialling(t, gateway.port, { key: rsa, config });
  t.not(await outcome(sha1.client), 'ready');
  t.match(sha1.banner, /SHA-1/);
  t.notOk(gateway.counted.includes('authenticated ok'));
  const good = openssh(t, { port: gateway.port, key: makeKey(t), command: ['hello'] });
  t.equal((await good.exit).code, 0);
});

t.test('a certificate is refused with a reason', async (t) => {
  const gateway = await startSshGateway(t);
  const [authority, user] = [makeKey(t), makeKey(t)];
  execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'id', '-n', 'pr-1', `${user.path}.pub`], {
    stdio: 'pipe',
  });
  const args = ['-o', `CertificateFile=${user.path}-cert.pub`];
  const ssh = openssh(t, { port: gateway.port, key: user, args, command: ['hello'] });
  t.equal((await ssh.exit).code, 0, 'the key below it is good by itself');
  t.match(ssh.stderr, /certificates are not accepted here/);
});
