import t from 'tap';
import { userKey } from '../../../server/ssh/login.ts';
import { dialIn, startDialling } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import { fakeUrls, startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

t.test('the banner tells a user where the environment will be', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port, { user: 'Feature/Foo' });
  t.match(machine.banner, /feature-foo-[a-z2-7]{6} is at https:\/\/feature-foo-[a-z2-7]{6}\.preview\.test\//);
});

t.test('refusals are told with the next login of the same key for the same name, once', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  await t.rejects(machine.forwardPath('/a/b/c'));
  machine.socket.destroy();
  const other = await dialIn(t, gateway.port, { key: machine.key, user: 'pr-2' });
  t.notMatch(other.banner, 'last time');
  const next = await dialIn(t, gateway.port, { key: machine.key });
  t.match(next.banner, /last time, refused: -R \/a\/b\/c: .*too many parts/);
  const after = await dialIn(t, gateway.port, { key: machine.key });
  t.notMatch(after.banner, 'last time');
});

t.test('why a key is refused is told once a connection', async (t) => {
  const gateway = await startSshGateway(t);
  const [unknown, weak, good] = [makeKey(t), makeKey(t, { type: 'rsa', bits: 1024 }), makeKey(t)];
  gateway.admissions.set(unknown.blob, 'refused');
  const args = ['-i', unknown.path, '-i', weak.path];
  const ssh = openssh(t, { port: gateway.port, key: good, args, command: ['hello'] });
  t.equal((await ssh.exit).code, 0);
  t.equal(ssh.stderr.match(/key refused/g)?.length, 1);
  t.equal(gateway.counted.filter((what) => what === 'authenticated refused').length, 2);
});

t.test('who asks and asks before the login, and reads no answer, is cut', async (t) => {
  const gateway = await startSshGateway(t);
  const connected = Promise.withResolvers<undefined>();
  const machine = startDialling(t, gateway.port, {
    config: { authHandler: () => connected.resolve(undefined) },
  });
  await connected.promise;
  machine.socket.pause();
  let most = 0;
  const flood = setInterval(() => {
    most = Math.max(most, gateway.sockets[0]?.writableLength ?? 0);
    for (let i = 0; i < 20_000 && machine.socket.writableLength < 1e6; i += 1) machine.protocol.ping();
  }, 1);
  t.teardown(() => {
    clearInterval(flood);
  });
  await until('it is cut', () => gateway.sockets[0]?.destroyed === true);
  t.ok(most < 4e6, `${most} bytes waited`);
  t.same(gateway.counted, []);
});

t.test('a banner that cannot be made stops no login', async (t) => {
  const gateway = await startSshGateway(t, {
    urls: () => ({
      ...fakeUrls,
      shareUrlOf: () => {
        throw new Error('a bug in the links');
      },
    }),
  });
  const machine = await dialIn(t, gateway.port);
  t.equal(machine.banner, '');
  t.ok(gateway.logLines.some((line) => line.level === 'error' && line.msg.includes('banner')));
});

t.test('refusals are remembered by key and name', async (t) => {
  const identity = {
    principal: 'me',
    role: 'admin',
    envPatterns: ['*'],
    source: { kind: 'stored' },
    fingerprint: 'SHA256:x',
    keyId: 'abc',
  } as const;
  t.not(userKey({ identity, env: 'a' }), userKey({ identity, env: 'b' }));
  t.not(
    userKey({ identity, env: 'a' }),
    userKey({ identity: { ...identity, fingerprint: 'SHA256:y' }, env: 'a' }),
  );
});
