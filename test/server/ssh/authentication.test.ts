import { execFileSync } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import t from 'tap';
import { parseCertificate } from '../../../core/ssh-certificate.ts';
import { wireString } from '../../../core/ssh-wire.ts';
import type { Admission, OfferedKey, SecurityKeyPolicy } from '../../../server/identity/admission.ts';
import { signKey } from '../../support/certificates.ts';
import { ecdsaSignature, makeFidoKey, type FidoKey, type FidoSignature } from '../../support/fido-key.ts';
import { dialIn, startDialling, type Machine } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import { logInRaw, type RawLogin } from '../../support/raw-login.ts';
import { AnyKey, startSshGateway } from '../../support/ssh-gateway.ts';
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
  t.match(ssh.stderr, /certificate refused: this is a certificate/);
});

function fidoLogin(key: FidoKey, how?: FidoSignature): RawLogin {
  return { algorithm: key.type, blob: key.blob, sign: (data) => key.sign(data, how) };
}

t.test('a FIDO key logs in by its own signature', async (t) => {
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const gateway = await startSshGateway(t);
    const key = makeFidoKey(t, kind);
    const { algorithm, blob } = fidoLogin(key);
    t.same(await logInRaw(t, gateway.port, [{ algorithm, blob }, fidoLogin(key)]), ['may try', 'in']);
    t.same(await logInRaw(t, gateway.port, [fidoLogin(key)]), ['in'], 'without having asked');
    t.equal(gateway.counted.filter((each) => each === 'authenticated ok').length, 2);
  }
});

t.test('what a FIDO key must not do', async (t) => {
  const gateway = await startSshGateway(t);
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const key = makeFidoKey(t, kind);
    const cut = (bytes: number): RawLogin => ({
      ...fidoLogin(key),
      sign: (data) => key.sign(data, { counter: 100 }).subarray(0, -bytes),
    });
    const longer = {
      ...fidoLogin(key),
      sign: (data: Buffer) => Buffer.concat([key.sign(data), Buffer.of(0)]),
    };
    const bad = [
      fidoLogin(key, { flags: 0 }),
      fidoLogin(key, { flags: 4 }),
      fidoLogin(key, { application: 'ssh:other' }),
      { ...fidoLogin(key), sign: (data: Buffer) => key.sign(data.subarray(1)) },
      { ...fidoLogin(key), sign: (data: Buffer) => makeFidoKey(t, kind).sign(data) },
    ];
    t.same(
      await logInRaw(t, gateway.port, bad),
      bad.map(() => 'refused'),
    );
    t.same(await logInRaw(t, gateway.port, [cut(1), cut(5), cut(40), longer]), Array(4).fill('refused'));
    t.same(await logInRaw(t, gateway.port, [fidoLogin(key, { counter: 1 })]), ['in'], 'none of that counted');
  }
  t.ok(gateway.logLines.some((line) => line['reason'] === 'nobody touched the security key'));
});

t.test('the counter of a FIDO key must grow, whoever asked in between', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeFidoKey(t);
  const { algorithm, blob } = fidoLogin(key);
  const logIn = (counter: number): Promise<string[]> =>
    logInRaw(t, gateway.port, [{ algorithm, blob }, { algorithm, blob }, fidoLogin(key, { counter })]);
  t.same(await logIn(5), ['may try', 'may try', 'in']);
  t.same(await logIn(5), ['may try', 'may try', 'refused']);
  t.same(await logIn(4), ['may try', 'may try', 'refused']);
  t.same(await logIn(6), ['may try', 'may try', 'in']);
  t.match(
    gateway.logLines.findLast((line) => line.msg === 'login refused'),
    {
      reason: 'the counter of the security key went back: was the key cloned?',
    },
  );
});

/** Admits certificates too, and everybody under the same rules. */
class Lenient extends AnyKey {
  readonly #policy: SecurityKeyPolicy | undefined;

  constructor(policy?: SecurityKeyPolicy) {
    super();
    this.#policy = policy;
  }

  override admit(key: OfferedKey): Admission {
    const certificate = parseCertificate(key.blob);
    const subject = certificate.ok ? certificate.value.subject : key;
    const admission = super.admit(subject);
    if (admission.kind === 'refused' || this.#policy === undefined) return admission;
    return { ...admission, securityKey: this.#policy };
  }
}

t.test('the rules of the key itself, and the counter that is stored with it', async (t) => {
  const key = makeFidoKey(t);
  const outcomes = async (policy: SecurityKeyPolicy, ...hows: FidoSignature[]): Promise<string[]> => {
    const { port } = await startSshGateway(t, { admissions: new Lenient(policy) });
    return logInRaw(
      t,
      port,
      hows.map((how) => fidoLogin(key, how)),
    );
  };
  const untouched = { touchRequired: false, verifyRequired: false };
  t.same(await outcomes(untouched, { flags: 0 }), ['in']);
  const verified = { touchRequired: true, verifyRequired: true };
  t.same(await outcomes(verified, { flags: 1 }, { flags: 4 }, { flags: 5 }), ['refused', 'refused', 'in']);
  const stored = { touchRequired: true, verifyRequired: false, lastCounter: 7 };
  t.same(await outcomes(stored, { counter: 0 }, { counter: 7 }, { counter: 8 }), [
    'refused',
    'refused',
    'in',
  ]);
});

t.test('a certificate is good with the signature of the key in it, and of no other', async (t) => {
  const gateway = await startSshGateway(t, { admissions: new Lenient() });
  const [authority, other] = [makeKey(t), makeKey(t)];
  for (const kind of [{ type: 'rsa', bits: 2048 }, { type: 'ecdsa', bits: 256 }, {}] as const) {
    const user = signKey(t, authority, makeKey(t, kind));
    const args = ['-o', `CertificateFile=${user.certificatePath}`, '-v'];
    const ssh = openssh(t, { port: gateway.port, key: user, args, command: ['hello'] });
    t.equal((await ssh.exit).code, 0, user.type);
    t.match(ssh.stderr, /Server accepts key: \S+-cert.pub/);
  }
  const { certificate, privateKey } = signKey(t, authority, makeKey(t));
  const algorithm = 'ssh-ed25519-cert-v01@openssh.com';
  const signedBy = (pem: string, name = 'ssh-ed25519'): RawLogin => {
    const sign = signerOf({ ...other, privateKey: pem });
    return {
      algorithm,
      blob: certificate,
      sign: (data) => Buffer.concat([wireString(name), wireString(sign(data) ?? '')]),
    };
  };
  const wrong = [signedBy(other.privateKey), signedBy(authority.privateKey), signedBy(privateKey, algorithm)];
  t.same(await logInRaw(t, gateway.port, wrong), ['refused', 'refused', 'refused']);
  t.same(await logInRaw(t, gateway.port, [signedBy(privateKey)]), ['in']);
});

t.test('a certificate is never taken for a key, nor its nonce for the point of one', async (t) => {
  const gateway = await startSshGateway(t, { admissions: new Lenient() });
  const { certificate } = signKey(t, makeKey(t), makeKey(t));
  const nonce = certificate.subarray(4 + 32 + 4, 4 + 32 + 4 + 32);
  const blob = Buffer.concat([wireString('ssh-ed25519'), wireString(nonce)]);
  const attempts = [
    { algorithm: 'ssh-ed25519', blob: certificate },
    { algorithm: 'rsa-sha2-512', blob: certificate },
    { algorithm: 'ssh-rsa-cert-v01@openssh.com', blob: certificate },
    { algorithm: 'ssh-ed25519-cert-v01@openssh.com', blob },
  ];
  t.same(await logInRaw(t, gateway.port, attempts), ['refused', 'refused', 'refused', 'refused']);
});

t.test('signatures in any form but the right one, of every type', async (t) => {
  const gateway = await startSshGateway(t, { maxAuthTries: 100 });
  const kinds = [
    {},
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ] as const;
  for (const kind of kinds) {
    const key = makeKey(t, kind);
    const algorithm = key.type === 'ssh-rsa' ? 'rsa-sha2-256' : key.type;
    const parsed = createPrivateKeyOf(key);
    const good = (data: Buffer): Buffer => Buffer.concat([wireString(algorithm), wireString(parsed(data))]);
    const forms: ((data: Buffer) => Buffer)[] = [
      (data) => parsed(data),
      (data) => Buffer.concat([good(data), Buffer.of(0)]),
      (data) => good(data).subarray(0, -1),
      (data) => Buffer.concat([wireString('ssh-rsa'), wireString(parsed(data))]),
      (data) => Buffer.concat([wireString(`${algorithm}x`), wireString(parsed(data))]),
      (data) => good(Buffer.concat([data, Buffer.of(0)])),
      (data) => good(data.subarray(4)),
    ];
    const logins = forms.map((sign) => ({ algorithm, blob: key.blob, sign }));
    const answers = await logInRaw(t, gateway.port, logins);
    t.notOk(answers.includes('in'), key.type);
    t.same(await logInRaw(t, gateway.port, [{ algorithm, blob: key.blob, sign: good }]), ['in'], key.type);
  }
});

/** Signs as SSH writes it, without the algorithm's name. */
function createPrivateKeyOf(key: SshKey): (data: Buffer) => Buffer {
  const parsed = ssh2.utils.parseKey(key.privateKey);
  if (parsed instanceof Error) throw parsed;
  const privateKey = createPrivateKey(parsed.getPrivatePEM());
  if (key.type.startsWith('ecdsa'))
    return (data) => ecdsaSignature(key.type.endsWith('521') ? 'sha512' : 'sha256', data, privateKey);
  return (data) => sign(key.type === 'ssh-rsa' ? 'sha256' : null, data, privateKey);
}
