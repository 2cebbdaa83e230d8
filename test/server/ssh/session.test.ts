import { once } from 'node:events';
import type { ClientChannel } from 'ssh2';
import t from 'tap';
import type { AdminCommands } from '../../../server/ssh/admin-commands.ts';
import { dialIn, type Machine } from '../../support/machine.ts';
import type { Program } from '../../support/program.ts';
import { bufferBytesInUse } from '../../support/memory.ts';
import { openssh } from '../../support/openssh.ts';
import { domain, fakeUrls, startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

const key = makeKey(t);
const offerWeb = ['-R', 'web:80:localhost:3000'];

/** A session of ssh2's client with a shell in it. */
function openShell(machine: Machine): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    machine.client.shell((error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
}

t.test('without a command: the URLs, then the requests as they come', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-R', '80:localhost:3000', ...offerWeb] });
  await ssh.said(/Requests appear below/);
  t.match(ssh.stdout, /^ {2}https:\/\/pr-1\.preview\.test\/$/m);
  t.match(ssh.stdout, /^ {2}https:\/\/web--pr-1\.preview\.test\/$/m);
  t.match(ssh.stdout, /share=/);
  const summary = { service: 'web', method: 'GET', path: '/a?b', status: 404, durationMs: 7 };
  gateway.feed.publish({ ...summary, env: 'pr-2' });
  gateway.feed.publish({ ...summary, env: 'pr-1' });
  await ssh.said(/ {2}404 {2}web GET \/a\?b {2}7 ms\n/);
  t.equal(ssh.stdout.match(/GET/g)?.length, 1, 'none of another environment');
  t.notMatch(ssh.stdout, '\r', 'no terminal, no carriage returns');
});

t.test('a link that is being made is shown when it is there, and the URLs before', async (t) => {
  const made = Promise.withResolvers<undefined>();
  const links: string[] = [];
  const urls = {
    ...fakeUrls,
    shareUrlOf: () => links[0],
    sharePending: () => (links.length === 0 ? made.promise : undefined),
  };
  const gateway = await startSshGateway(t, { urls: () => urls });
  const ssh = openssh(t, { port: gateway.port, key, args: offerWeb });
  await ssh.said(/https:\/\/web--pr-1/);
  t.notMatch(ssh.stdout, /share|Requests/);
  const machine = await dialIn(t, gateway.port, { user: 'pr-2' });
  await machine.forward('web', 80);
  const asked = machine.run('status');
  links.push('https://a.link/');
  made.resolve(undefined);
  await ssh.said(/share this link[^\n]*\n {2}https:\/\/a\.link\/\n[^]*Requests appear below/);
  const status = JSON.parse((await asked).stdout) as { forwards: { shareUrl?: string }[] };
  t.equal(status.forwards[0]?.shareUrl, 'https://a.link/', 'what asks for the state waits for it');
});

t.test('on a terminal Ctrl-C ends the connection, with exit code 0, and its URLs at once', async (t) => {
  const gateway = await startSshGateway(t);
  for (const character of ['\u0003', '\u0004']) {
    const ssh = openssh(t, { port: gateway.port, key, args: ['-tt', ...offerWeb] });
    await ssh.said(/Requests appear below/);
    t.match(ssh.stdout, '\r\n');
    ssh.write(character);
    t.same(await ssh.exit, { code: 0, signal: null });
    t.notMatch(ssh.stderr, /disconnect/i);
    t.not(gateway.registry.resolve(`web--pr-1.${domain}`).kind, 'forward');
  }
  await until('both connections are gone', () => gateway.server.tunnels.length === 0);
});

t.test('a client that stays after Ctrl-C is shown the door', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  await machine.forward('web', 80);
  const shell = await new Promise<ClientChannel>((resolve, reject) => {
    machine.client.shell({}, (error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
  shell.resume();
  shell.write('\u0003');
  t.equal((await gateway.forward('web--pr-1')).live, true, 'the first bytes are on their way');
  await machine.closed;
  t.same(gateway.counted.at(-1), 'tunnel closed: ended by its user');
});

t.test('without a terminal a byte of Ctrl-C is a byte, and the end of standard input no end', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: offerWeb });
  await ssh.said(/Requests appear below/);
  ssh.write('\u0003\u0004');
  ssh.end();
  gateway.feed.publish({ env: 'pr-1', service: 'web', method: 'GET', path: '/', status: 200, durationMs: 1 });
  await ssh.said(/200 {2}web GET/);
  t.equal((await gateway.forward('web--pr-1')).live, true);
});

t.test('with nothing offered: how to offer something, and the end', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key });
  t.equal((await ssh.exit).code, 0);
  t.match(ssh.stdout, /ssh -R 80:localhost:3000/);
  const refused = openssh(t, { port: gateway.port, key, args: ['-R', '/a/b/c:localhost:3000'] });
  t.equal((await refused.exit).code, 1);
  t.match(refused.stdout, /refused: -R \/a\/b\/c: /);
});

t.test('hello answers one line of JSON, ended by CR LF, with the requests as they were sent', async (t) => {
  const gateway = await startSshGateway(t);
  const args = [
    '-R',
    '80:localhost:1',
    ...offerWeb,
    '-R',
    '/api/9000?access=public:localhost:2',
    '-R',
    '0:localhost:3',
  ];
  const ssh = openssh(t, { port: gateway.port, key, args, command: ['hello'] });
  t.equal((await ssh.exit).code, 0);
  t.match(ssh.stdout, /^\{[^\r\n]*\}\r\n$/);
  const answer = JSON.parse(ssh.stdout) as { clientId: string; tunnels: object };
  t.same(answer, {
    clientId: answer.clientId,
    env: 'pr-1',
    tunnels: {
      'localhost:80': 'https://pr-1.preview.test/',
      'web:80': 'https://web--pr-1.preview.test/',
      '/api/9000?access=public': 'https://api--9000--pr-1.preview.test/',
    },
    rootUrl: 'https://preview.test/',
    baseUrl: { hostname: 'preview.test', port: '', protocol: 'https:' },
  });
  t.match(answer.clientId, /^[a-z2-7]{12}$/);
});

t.test('hello waits for the forwards that were asked for before it, all in one segment', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  machine.socket.cork();
  for (let i = 0; i < 20; i += 1) machine.protocol.tcpipForward(`s${i}`, 80, true);
  const answer = machine.run('hello');
  machine.socket.uncork();
  const { tunnels } = JSON.parse((await answer).stdout) as { tunnels: object };
  t.equal(Object.keys(tunnels).length, 20);
  t.equal(machine.socket.destroyed, false, 'and the connection stays');
});

t.test('commands: text, errors with a hint and an exit code, blanks', async (t) => {
  const gateway = await startSshGateway(t);
  const run = async (
    ...command: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const ssh = openssh(t, { port: gateway.port, key, command });
    const { code } = await ssh.exit;
    return { code, stdout: ssh.stdout, stderr: ssh.stderr };
  };
  t.match(await run('help'), { code: 0, stdout: /hello/ });
  t.match(await run('tunnel-url', 'web', 'api:9000'), {
    code: 0,
    stdout: /"api:9000":"https:\/\/api--9000--pr-1/,
  });
  t.match(await run('  status   --json '), { code: 0, stdout: /"forwards":\[\]/ });
  t.match(await run('reboot'), { code: 2, stdout: '', stderr: /porthole: unknown command "reboot".*help/ });
  t.match(await run('tunnel-url'), { code: 2, stderr: /usage/ });
  t.match(await run(`x${'y'.repeat(20_000)}`), { code: 2 });
});

t.test('requests: as they are answered, as text or JSON, until it is ended', async (t) => {
  const gateway = await startSshGateway(t);
  const publish = (path: string): void => {
    const summary = { service: 'web', method: 'GET', path, status: 200, durationMs: 1.26 };
    gateway.feed.publish({ ...summary, env: 'pr-1' });
    gateway.feed.publish({ ...summary, env: 'pr-2', path: '/of-another' });
  };
  /** Asked until it is watched: an open session says nothing by itself. */
  const seen = async (ssh: Program, pattern: RegExp): Promise<void> => {
    await until('the request is shown', () => {
      publish('/a');
      return pattern.test(ssh.stdout);
    });
  };
  const text = openssh(t, { port: gateway.port, key, command: ['requests'] });
  await seen(text, /^\d\d:\d\d:\d\d {2}200 {2}web GET \/a {2}1 ms$/mu);
  const json = openssh(t, { port: gateway.port, key, command: ['requests', '--json'] });
  await seen(json, /"service":"web","method":"GET","path":"\/a","status":200,"ms":1\.3\}$/mu);
  t.notMatch(text.stdout + json.stdout, 'of-another');
  const terminal = openssh(t, { port: gateway.port, key, args: ['-tt'], command: ['requests'] });
  await seen(terminal, /GET/u);
  terminal.write('\u0003');
  t.equal((await terminal.exit).code, 0);
  t.equal((await openssh(t, { port: gateway.port, key, command: ['requests', 'all'] }).exit).code, 2);
});

t.test('requests are for those alone whose environment it is', async (t) => {
  const gateway = await startSshGateway(t);
  const watching = openssh(t, { port: gateway.port, key: makeKey(t), command: ['requests'] });
  const summary = { env: 'pr-1', service: 'web', method: 'GET', path: '/before', status: 200, durationMs: 1 };
  await until('the watch has begun', () => {
    gateway.feed.publish(summary);
    return watching.stdout.includes('/before');
  });
  const owner = await dialIn(t, gateway.port);
  await owner.forward('web', 80);
  gateway.feed.publish({ ...summary, path: '/secret' });
  t.equal((await watching.exit).code, 1, 'the name was nobody’s when it began');
  t.notMatch(watching.stdout, '/secret');
  const late = openssh(t, { port: gateway.port, key: makeKey(t), command: ['requests', '--json'] });
  t.equal((await late.exit).code, 1);
  t.match(late.stderr, 'belongs to somebody else');
});

t.test('option words hold for all forwards of the connection, and show the session', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, {
    port: gateway.port,
    key,
    args: [...offerWeb, '-R', '/api?access=private:localhost:3000'],
    command: ['access=public', 'host=localhost'],
  });
  await ssh.said(/Requests appear below/);
  const [web, api] = await Promise.all([gateway.forward('web--pr-1'), gateway.forward('api--pr-1')]);
  t.same([web.access, api.access], ['public', 'private']);
  t.same([web.options.host, api.options.host], ['localhost', 'localhost']);
});

t.test('SetEnv holds for all forwards too, with and without PORTHOLE_', async (t) => {
  const gateway = await startSshGateway(t);
  const args = ['-o', 'SetEnv=access=public PORTHOLE_SCHEME=https HOST=my-laptop LANG=C', ...offerWeb];
  const ssh = openssh(t, { port: gateway.port, key, args });
  await ssh.said(/Requests appear below/);
  const forward = await gateway.forward('web--pr-1');
  t.equal(forward.access, 'public');
  t.same(forward.options, { access: 'public', scheme: 'https' }, "HOST is the shell's");
});

t.test('a wrong option ends the session with a reason, and changes nothing', async (t) => {
  const gateway = await startSshGateway(t);
  const word = openssh(t, { port: gateway.port, key, args: offerWeb, command: ['access=everybody'] });
  t.equal((await word.exit).code, 2);
  t.match(word.stderr, /porthole: .*everybody/);
  const variable = openssh(t, {
    port: gateway.port,
    key,
    args: ['-o', 'SetEnv=PORTHOLE_TTL=never', ...offerWeb],
  });
  t.equal((await variable.exit).code, 2);
  t.match(variable.stderr, /porthole: .*ttl/);
  const command = openssh(t, {
    port: gateway.port,
    key,
    args: ['-o', 'SetEnv=access=nobody'],
    command: ['hello'],
  });
  t.equal((await command.exit).code, 2);
});

t.test('a refusal is told to the session that is open', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  await machine.forward('web', 80);
  const shell = await openShell(machine);
  let errors = '';
  let shown = '';
  shell.on('data', (data: Buffer) => (shown += data.toString()));
  shell.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  await until('the session is shown', () => shown.includes('Requests appear'));
  await t.rejects(machine.forwardPath('/a/b/c'));
  await until('it is told', () => errors.includes('refused: -R /a/b/c'));
});

t.test('what a client sends into a session is not kept', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  const opened = Promise.withResolvers<number>();
  machine.protocol._handlers['CHANNEL_OPEN_CONFIRMATION'] = (_protocol: never, info: { sender: number }) => {
    opened.resolve(info.sender);
  };
  machine.protocol.session(77, 1_000_000, 32_768);
  const id = await opened.promise;
  machine.protocol.shell(id, false);
  // Not a part of the window: ssh2 stops at a window of exactly 0.
  const block = Buffer.alloc(30_000);
  const before = bufferBytesInUse();
  const sent = 128 * 1024 * 1024;
  for (let i = 0; i < sent / block.length; i += 1) {
    machine.protocol.channelData(id, block);
    if (machine.socket.writableLength > 1e6) await once(machine.socket, 'drain');
  }
  await until('all was read', () => (gateway.sockets[0]?.bytesRead ?? 0) > sent);
  t.ok(bufferBytesInUse() - before < sent / 10, 'it is not in memory');
});

t.test('sessions are limited, and a client that closes one twice gets no more', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  const events: string[] = [];
  const { _handlers: handlers } = machine.protocol;
  const ids: number[] = [];
  handlers['CHANNEL_OPEN_CONFIRMATION'] = (_protocol: never, info: { sender: number }) => {
    ids.push(info.sender);
    events.push('opened');
  };
  handlers['CHANNEL_OPEN_FAILURE'] = () => void events.push('refused');
  handlers['CHANNEL_CLOSE'] = () => void events.push('closed');
  for (let i = 0; i < 9; i += 1) machine.protocol.session(i, 1000, 1000);
  await until('all are answered', () => events.length === 9);
  t.same(events, [...Array.from({ length: 8 }, () => 'opened'), 'refused']);
  const [first = 0] = ids;
  machine.protocol.channelClose(first);
  machine.protocol.channelClose(first);
  machine.protocol.channelClose(first);
  await until('the gateway closes it too', () => events.includes('closed'));
  for (let i = 20; i < 23; i += 1) machine.protocol.session(i, 1000, 1000);
  await until('all are answered', () => events.length === 13);
  t.same(events.slice(9), ['closed', 'opened', 'refused', 'refused']);
});

t.test('sessions that come and go leave nothing behind', async (t) => {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  for (let i = 0; i < 50; i += 1) await machine.run('status');
  await t.rejects(
    new Promise<void>((resolve, reject) => {
      machine.client.sftp((error) => {
        if (error) reject(error);
        else resolve();
      });
    }),
    'no files here',
  );
  t.equal((await machine.run('hello')).code, 0);
});

t.test('no way through the gateway to anywhere else', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-W', '127.0.0.1:22'] });
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /administratively prohibited/);
});

/** Answers every command with its words, who gave it, and what came on standard input. */
const echoing: AdminCommands = {
  firstWords: ['key'],
  help: (about, role) => [`  help of ${['key', ...about].join(' ')} for ${role}`],
  run: async (words, { caller, readInput }) => {
    const input = words.includes('add') ? await readInput('public-key') : undefined;
    const given = input?.ok === true ? input.value : input?.problem;
    const by = caller();
    const { identity, address } = by.ok ? by.value : { identity: undefined, address: '' };
    const value = { words, role: identity?.role, address, given };
    return { stdout: [JSON.stringify(value)], stderr: ['by the way'], status: 0 };
  },
};

t.test('commands that manage the gateway: words in quotes, standard input, who gives them', async (t) => {
  const gateway = await startSshGateway(t, { admin: echoing });
  const give = async (command: string, input = ''): Promise<{ stdout: string; code: number | null }> => {
    const ssh = openssh(t, { port: gateway.port, key, command: [command] });
    ssh.write(input);
    ssh.end();
    const { code } = await ssh.exit;
    return { code, stdout: ssh.stdout };
  };
  const { stdout } = await give(`key add --name 'my key' "a\\"b"`, 'ssh-ed25519 AAAA\n');
  t.same(JSON.parse(stdout), {
    words: ['key', 'add', '--name', 'my key', 'a"b'],
    role: 'admin',
    address: '127.0.0.1',
    given: 'ssh-ed25519 AAAA\n',
  });
  gateway.admissions.set(key.blob, { role: 'machine' });
  t.match(JSON.parse((await give('key list')).stdout), { role: 'machine' });
  t.match((await give('help')).stdout, /help of key for machine/);
  t.match((await give('help list')).stdout, /help of key list for machine/);
  t.match(await give(`key 'list`), { code: 2, stdout: '' });
  t.match(await give('keys'), { code: 2 });
});

t.test('whoever takes their own key away reads the answer, and then why the connection ends', async (t) => {
  let withdraw = (): void => undefined;
  const admin: AdminCommands = {
    ...echoing,
    run: async () => {
      withdraw();
      return Promise.resolve({ stdout: ['done'], stderr: [], status: 0 });
    },
  };
  const gateway = await startSshGateway(t, { admin });
  withdraw = () => {
    gateway.admissions.set(key.blob, 'refused');
  };
  const machine = await dialIn(t, gateway.port, { key });
  const code = await new Promise((resolve, reject) => {
    machine.client.exec('key rm own', (error, channel) => {
      if (error) reject(error);
      else channel.resume().on('exit', resolve);
    });
  });
  t.equal(code, 0);
  await machine.closed;
  t.match(gateway.counted.at(-1), /access withdrawn/);
});
