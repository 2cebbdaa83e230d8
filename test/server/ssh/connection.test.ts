import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import t from 'tap';
import { KeyFile } from '../../../server/identity/key-file.ts';
import type { Forward } from '../../../server/tunnel/forward.ts';
import { createLog } from '../../support/log-lines.ts';
import { dialIn } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import { Program } from '../../support/program.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { domain, startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';
import { startEcho, startUpstream } from '../../support/upstream.ts';

const origin = { address: '192.0.2.1', port: 40_000 };
const key = makeKey(t);

/** What comes back through a forward to an upstream that echoes. */
async function echo(forward: Forward, what: string): Promise<string> {
  const channel = await forward.openChannel(origin);
  channel.end(what);
  return text(channel);
}

t.test('every form of -R is echoed as OpenSSH wants it: the channel opens', async (t) => {
  const gateway = await startSshGateway(t);
  const { port } = await startEcho(t);
  const to = `127.0.0.1:${port}`;
  // What ssh is told, where it is served, and the request that it makes of it.
  const forms: [string, string, object][] = [
    [`80:${to}`, 'pr-1', { kind: 'tcpip', bindAddr: 'localhost', bindPort: 80 }],
    [`443:${to}`, 'pr-2', { kind: 'tcpip', bindAddr: 'localhost', bindPort: 443 }],
    [`0:${to}`, 'pr-3', { kind: 'tcpip', bindAddr: 'localhost', bindPort: 0 }],
    [`*:80:${to}`, 'pr-4', { kind: 'tcpip', bindAddr: '', bindPort: 80 }],
    [`:80:${to}`, 'pr-5', { kind: 'tcpip', bindAddr: '', bindPort: 80 }],
    [`localhost:80:${to}`, 'pr-6', { kind: 'tcpip', bindAddr: 'localhost', bindPort: 80 }],
    [`8080:${to}`, '8080--pr-7', { kind: 'tcpip', bindAddr: 'localhost', bindPort: 8080 }],
    [`web:80:${to}`, 'web--pr-8', { kind: 'tcpip', bindAddr: 'web', bindPort: 80 }],
    [`web:8080:${to}`, 'web--8080--pr-9', { kind: 'tcpip', bindAddr: 'web', bindPort: 8080 }],
    [`Web:80:${to}`, 'web--pr-10', { kind: 'tcpip', bindAddr: 'Web', bindPort: 80 }],
    [`web:0:${to}`, 'web--pr-11', { kind: 'tcpip', bindAddr: 'web', bindPort: 0 }],
    [`ssh:22:${to}`, 'ssh--pr-12', { kind: 'tcpip', bindAddr: 'ssh', bindPort: 22 }],
    [`/web:${to}`, 'web--pr-13', { kind: 'streamlocal', socketPath: '/web' }],
    [`/web/8080:${to}`, 'web--8080--pr-14', { kind: 'streamlocal', socketPath: '/web/8080' }],
    [
      `/web?access=public&host=localhost:${to}`,
      'web--pr-15',
      { kind: 'streamlocal', socketPath: '/web?access=public&host=localhost' },
    ],
    [
      `/web#access=public;host=keep:${to}`,
      'web--pr-16',
      { kind: 'streamlocal', socketPath: '/web#access=public;host=keep' },
    ],
  ];
  await Promise.all(
    forms.map(async ([spec, label, request], index) => {
      openssh(t, { port: gateway.port, key, user: `pr-${index + 1}`, args: ['-N', '-R', spec] });
      const forward = await gateway.forward(label);
      t.same(forward.request, request, spec);
      t.equal(await echo(forward, spec), spec, spec);
    }),
  );
});

t.test('-R 0: tells the port that was allocated, even with -N', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-N', '-R', '0:localhost:3000'] });
  await ssh.said(/Allocated port 80 for remote forward to localhost:3000/);
});

t.test('several services in one connection, each to its own upstream', async (t) => {
  const gateway = await startSshGateway(t);
  const [first, second] = await Promise.all(
    ['one', 'two'].map((word) => startUpstream(t, (socket) => socket.end(word))),
  );
  const args = ['-N', '-R', `80:127.0.0.1:${first?.port}`, '-R', `/api:127.0.0.1:${second?.port}`];
  openssh(t, { port: gateway.port, key, args });
  const [web, api] = await Promise.all([gateway.forward('pr-1'), gateway.forward('api--pr-1')]);
  t.same(await Promise.all([echo(web, ''), echo(api, '')]), ['one', 'two']);
  t.equal(web.tunnelId, api.tunnelId);
});

t.test("nothing listens on the machine's port", async (t) => {
  const gateway = await startSshGateway(t);
  const { port } = await startUpstream(t, (socket) => socket.destroy());
  openssh(t, {
    port: gateway.port,
    key,
    args: ['-N', '-R', `80:127.0.0.1:1`, '-R', `web:80:127.0.0.1:${port}`],
  });
  const forward = await gateway.forward('pr-1');
  const error: unknown = await forward.openChannel(origin).catch((problem: unknown) => problem);
  t.match(error, { failure: { kind: 'refused' } });
});

t.test('withdrawn with `ssh -O cancel`, and offered anew', async (t) => {
  const gateway = await startSshGateway(t);
  const control = join(scratchDir(t), 'control');
  const master = openssh(t, {
    port: gateway.port,
    key,
    args: [
      '-N',
      '-M',
      '-S',
      control,
      '-R',
      'web:80:localhost:1',
      '-R',
      '/api:localhost:1',
      '-R',
      '0:localhost:1',
    ],
  });
  await Promise.all([
    gateway.forward('web--pr-1'),
    gateway.forward('api--pr-1'),
    master.said(/Allocated port/),
  ]);
  const ask = (...words: string[]): Promise<{ code: number | null }> =>
    openssh(t, { port: gateway.port, key, args: ['-S', control, '-O', ...words] }).exit;
  t.equal((await ask('cancel', '-R', 'web:80:localhost:1')).code, 0);
  await until('web is gone', () => gateway.registry.resolve(`web--pr-1.${domain}`).kind !== 'forward');
  t.equal((await ask('cancel', '-R', '/api:localhost:1')).code, 0);
  await until('api is gone', () => gateway.registry.resolve(`api--pr-1.${domain}`).kind !== 'forward');
  t.equal((await ask('forward', '-R', 'web:80:localhost:1')).code, 0);
  await gateway.forward('web--pr-1');
  t.equal(gateway.server.tunnels.length, 1);
});

t.test('a refused forward: the warning, and the reason with the next attempt', async (t) => {
  const gateway = await startSshGateway(t);
  const args = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '/web?access=nobody:localhost:3000'];
  const first = openssh(t, { port: gateway.port, key, args });
  t.equal((await first.exit).code, 255);
  t.match(first.stderr, /remote port forwarding failed|remote forward failure/i);
  const second = openssh(t, { port: gateway.port, key, args });
  await second.exit;
  t.match(second.stderr, /porthole: last time, refused: -R \/web\?access=nobody: .*access/);
});

t.test('a key that is no longer admitted loses its connection, and others keep theirs', async (t) => {
  const gateway = await startSshGateway(t);
  const [revoked, moved, narrowed, kept] = [makeKey(t), makeKey(t), makeKey(t), makeKey(t)];
  const machines = await Promise.all(
    [revoked, moved, narrowed, kept].map((each, index) =>
      dialIn(t, gateway.port, { key: each, user: `pr-${index}` }),
    ),
  );
  await Promise.all(machines.map((machine) => machine.forward('web', 80)));
  gateway.admissions.set(revoked.blob, 'refused');
  gateway.admissions.set(moved.blob, { principal: 'somebody else' });
  gateway.admissions.set(narrowed.blob, { envPatterns: ['main'] });
  gateway.admissions.set(kept.blob, { envPatterns: ['pr-*'], role: 'machine' });
  t.same(
    [0, 1, 2, 3].map((index) => gateway.registry.resolve(`web--pr-${index}.${domain}`).kind),
    ['reconnecting', 'reconnecting', 'reconnecting', 'forward'],
    'at once',
  );
  await Promise.all(machines.slice(0, 3).map((machine) => machine.closed));
  t.equal(machines[3]?.socket.destroyed, false);
  t.ok(gateway.counted.some((what) => what.includes('access withdrawn')));
});

t.test('a key that is taken out of the file, or expires, loses its connection', async (t) => {
  const [removed, expiring] = [makeKey(t), makeKey(t)];
  const path = join(scratchDir(t), 'authorized_keys');
  const clock = { now: Date.UTC(2029, 11, 31) };
  writeFileSync(path, `${removed.line}\nexpiry-time="20300101Z" ${expiring.line}\n`);
  const { log } = createLog();
  const admissions = new KeyFile({ path, log, pollMs: 2, settleMs: 2, now: () => clock.now });
  t.teardown(() => {
    admissions.close();
  });
  const gateway = await startSshGateway(t, { admissions, now: () => clock.now, expiryCheckMs: 2 });
  const [first, second] = await Promise.all(
    [removed, expiring].map((each, index) => dialIn(t, gateway.port, { key: each, user: `pr-${index}` })),
  );
  writeFileSync(path, `expiry-time="20300101Z" ${expiring.line}\n`);
  await first?.closed;
  t.equal(second?.socket.destroyed, false);
  clock.now = Date.UTC(2030, 0, 1);
  await second?.closed;
  await t.rejects(dialIn(t, gateway.port, { key: removed }));
});

t.test('OpenSSH says why the connection was ended', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-N', '-R', '80:localhost:3000'] });
  await gateway.forward('pr-1');
  gateway.server.end('the gateway is shutting down');
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /the gateway is shutting down/);
});

t.test('a client that is killed is gone at once', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-N', '-R', '80:localhost:3000'] });
  const forward = await gateway.forward('pr-1');
  ssh.kill('SIGKILL');
  await forward.closed;
  t.same(gateway.registry.resolve(`pr-1.${domain}`).kind, 'reconnecting');
  await until('it is forgotten', () => gateway.server.tunnels.length === 0);
});

t.test(
  'a client that is frozen loses its routes within the bound, and its successor serves before that',
  async (t) => {
    const gateway = await startSshGateway(t, { keepalive: { intervalMs: 100, misses: 3 } });
    const { port } = await startEcho(t);
    const args = ['-N', '-R', `80:127.0.0.1:${port}`];
    const frozen = openssh(t, { port: gateway.port, key, args });
    const before = await gateway.forward('pr-1');
    frozen.kill('SIGSTOP');
    openssh(t, { port: gateway.port, key, args });
    await until('the newer one has taken over', () => gateway.counted.includes('takeover'));
    t.equal(before.live, true);
    t.equal(await echo(await gateway.forward('pr-1'), 'hello'), 'hello');
    t.equal(await before.closed, 'no sign of life');
    t.equal(gateway.sockets[0]?.destroyed, true);
    t.equal(await echo(await gateway.forward('pr-1'), 'still'), 'still');
  },
);

t.test('50 MB each way through a connection that changes its keys every megabyte', async (t) => {
  const gateway = await startSshGateway(t);
  const { port } = await startEcho(t);
  const size = 50 * 1024 * 1024;
  for (const cipher of ['aes128-gcm@openssh.com', 'aes256-ctr']) {
    const args = ['-v', '-N', '-c', cipher, '-o', 'RekeyLimit=1M', '-R', `web:80:127.0.0.1:${port}`];
    const ssh = openssh(t, { port: gateway.port, key, user: cipher.slice(0, 6), args });
    const forward = await gateway.forward(`web--${cipher.slice(0, 6)}`);
    const channel = await forward.openChannel(origin);
    const sent = createHash('sha256');
    const block = Buffer.alloc(1024 * 1024);
    const writing = (async () => {
      for (let written = 0; written < size; written += block.length) {
        block.fill(written / block.length);
        sent.update(block);
        if (!channel.write(Buffer.from(block))) await once(channel, 'drain');
      }
      channel.end();
    })();
    const received = createHash('sha256').update(await buffer(channel));
    await writing;
    t.equal(received.digest('hex'), sent.digest('hex'), cipher);
    const exchanges = ssh.stderr.match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0;
    t.ok(exchanges > 20, `${exchanges} key exchanges`);
  }
});

t.test("Dropbear's client", async (t) => {
  const gateway = await startSshGateway(t);
  const { port } = await startEcho(t);
  execFileSync('dropbearconvert', ['openssh', 'dropbear', key.path, `${key.path}.dropbear`], {
    stdio: 'pipe',
  });
  const args = ['-y', '-y', '-i', `${key.path}.dropbear`, '-p', String(gateway.port), '-N'];
  new Program(t, 'dbclient', [...args, '-R', `web:80:127.0.0.1:${port}`, 'pr-1@127.0.0.1']);
  t.equal(await echo(await gateway.forward('web--pr-1'), 'hello'), 'hello');
  const tunnel = await gateway.tunnel();
  await until('no channel', () => tunnel.channelCount === 0);
});

t.test("PuTTY's client, with a large answer", async (t) => {
  const gateway = await startSshGateway(t);
  const answer = Buffer.alloc(3_000_000, 'abc');
  const { port } = await startUpstream(t, (socket) => {
    socket.resume().on('end', () => socket.end(answer));
  });
  const ppk = `${key.path}.ppk`;
  execFileSync('puttygen', [key.path, '-O', 'private', '-o', ppk, '--new-passphrase', '/dev/null'], {
    stdio: 'pipe',
  });
  const args = [
    '-batch',
    '-ssh',
    '-P',
    String(gateway.port),
    '-i',
    ppk,
    '-hostkey',
    gateway.hostKey.fingerprint,
    '-N',
  ];
  new Program(t, 'plink', [...args, '-R', `web:80:127.0.0.1:${port}`, 'pr-1@127.0.0.1']);
  const forward = await gateway.forward('web--pr-1');
  const channel = await forward.openChannel(origin);
  channel.end(Buffer.alloc(500_000));
  t.ok((await buffer(channel)).equals(answer));
  const tunnel = await gateway.tunnel();
  await until('no channel', () => tunnel.channelCount === 0);
});

t.test('a bug of ours in a forward request ends that connection, and is logged', async (t) => {
  const gateway = await startSshGateway(t, {
    routes: {
      mayClaim: () => true,
      refresh: () => undefined,
      add: () => {
        throw new Error('a bug in the registry');
      },
    },
  });
  const machine = await dialIn(t, gateway.port);
  machine.protocol.tcpipForward('web', 80, true);
  await machine.closed;
  t.ok(
    gateway.logLines.some(
      (line) => line.level === 'error' && JSON.stringify(line).includes('a bug in the registry'),
    ),
  );
  t.ok(gateway.counted.includes('tunnel closed: internal error'));
});

t.test("why a connection was lost is told without words of the client's own", async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  // DISCONNECT with a reason and a text: ssh2 makes an error of it.
  const { write } = machine.protocol._packetRW;
  const words = Buffer.from('label of my own');
  const packet = write.alloc(9 + words.length + 4);
  const at = write.allocStart;
  packet[at] = 1;
  packet.writeUInt32BE(2, at + 1);
  packet.writeUInt32BE(words.length, at + 5);
  words.copy(packet, at + 9);
  packet.writeUInt32BE(0, at + 9 + words.length);
  machine.protocol._cipher.encrypt(write.finalize(packet));
  await machine.closed;
  await until('it is counted', () => gateway.counted.some((what) => what.startsWith('tunnel closed')));
  t.same(gateway.counted.at(-1), 'tunnel closed: the connection failed');
});
