import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { ConfigTeam } from '../support/config-team.ts';
import { Portholed } from '../support/portholed.ts';
import type { Program } from '../support/program.ts';
import { dialOut } from '../support/ssh-machine.ts';

const config = await ConfigTeam.start(t, ['--hold', '10ms']);
const home = config.home('ana');
const key = ['--identity', config.team.keys.ana.path];

/** Answers with what it was asked, when all of it was asked. */
async function echo(t: Test): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    void text(socket).then(
      (question) => socket.end(`got ${question}`),
      () => undefined,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function dial(t: Test, port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  t.teardown(() => void socket.destroy());
  return socket;
}

async function ask(t: Test, port: number, question: string): Promise<string> {
  const socket = dial(t, port);
  socket.end(question);
  return text(socket);
}

function forward(...words: readonly string[]): Program {
  return config.porthole(home, ['forward', ...words, ...config.reaching, ...key]);
}

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.said(/127\.0\.0\.1:(\d+) {2}->/);
  return Number(port);
}

t.test('a service with its port, on a port here, half-close kept, until Ctrl-C', async (t) => {
  const port = await echo(t);
  await config.machine({
    env: 'pr-db',
    forwards: [`db:5432:127.0.0.1:${String(port)}`, `/cache:127.0.0.1:${String(port)}`],
  });
  const program = forward('pr-db', 'db', '--local', '0');
  t.match((await program.said(/->\s+(\S+)/))[1], 'db.pr-db:5432');
  const local = await portOf(program);
  t.equal(await ask(t, local, 'question'), 'got question');
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, at) => ask(t, local, String(at).repeat(70_000))),
  );
  t.equal(many[7], `got ${'7'.repeat(70_000)}`);
  program.kill('SIGINT');
  t.equal((await program.exit).code, 0);

  const other = forward('pr-db', 'cache');
  t.equal(await ask(t, await portOf(other), 'x'), 'got x', 'a service without a port');
  const named = forward('pr-db', 'db:5432', '--json');
  const [line] = await named.said(/^\{.*"listening".*\}$/m);
  t.match(JSON.parse(line), { event: 'listening', host: '127.0.0.1', remote: 'db.pr-db:5432' });
});

t.test('a service that is refused says why, once, and resets; then it is there', async (t) => {
  const machine = await config.machine({ env: 'pr-late' });
  const program = forward('pr-late', 'db:5432', '--local', '0');
  const local = await portOf(program);
  for (let tries = 0; tries < 2; tries++) {
    const socket = dial(t, local);
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    t.equal(error.code, 'ECONNRESET');
  }
  t.match(program.stderr, /refused: .*pr-late.*\(ERR_/);
  t.equal(program.stderr.match(/refused:/g)?.length, 1);
  const port = await echo(t);
  await config.team.dialOut(machine.machine, {
    env: 'pr-late',
    forwards: [`db:5432:127.0.0.1:${String(port)}`],
  });
  t.equal(await ask(t, local, 'now'), 'got now');
  await program.said(/go through again/);
});

t.test('the listener stays while the gateway is away', async (t) => {
  const own = await ConfigTeam.start(t, ['--hold', '10ms']);
  const { gateway, args } = own.team;
  const port = await echo(t);
  const forwards = [`db:5432:127.0.0.1:${String(port)}`];
  const machine = await own.machine({ env: 'pr-1', forwards });
  const words = ['forward', 'pr-1', 'db', '--local', '0', ...own.reaching, '-i', own.team.keys.ana.path];
  const program = own.porthole(own.home('ana'), words);
  const local = await portOf(program);
  t.equal(await ask(t, local, 'before'), 'got before');
  const { port: gatewayPort, stateDir } = gateway;
  await gateway.kill('SIGKILL');
  await program.said(/disconnected: /);
  const place = ['--state-dir', stateDir, '--listen', `127.0.0.1:${String(gatewayPort)}`];
  const next = await Portholed.start(t, [...args, ...place]);
  await dialOut(t, next, machine.machine, { key: own.team.keys.vm, env: 'pr-1', forwards });
  await program.said(/connected again/);
  t.equal(await ask(t, local, 'after'), 'got after');
});

t.test('wrong words, and what is not there', async (t) => {
  await config.machine({ env: 'pr-few' });
  for (const [words, code, said] of [
    [['pr-few', 'db'], 1, /offers no "db".*it offers ssh/],
    [['nowhere', 'db'], 1, /nothing called nowhere/],
    [['pr-few', 'db:0'], 2, /no port/],
    [['pr-few', 'ssh', '--local', 'x:y'], 2, /no place to listen/],
    [['pr-few'], 2, /missing/],
  ] as const) {
    const program = forward(...words);
    t.equal((await program.exit).code, code, program.stderr);
    t.match(program.stderr, said);
  }
  const taken = await echo(t);
  const program = forward('pr-few', 'ssh', '--local', String(taken));
  t.equal((await program.exit).code, 1);
  t.match(program.stderr, /cannot listen/);
  const eve = config.porthole(home, [
    'forward',
    'pr-few',
    'ssh',
    ...config.reaching,
    '-i',
    config.team.keys.eve.path,
  ]);
  t.equal((await eve.exit).code, 3);
});
