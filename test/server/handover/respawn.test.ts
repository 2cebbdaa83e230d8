import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSuccessor, type RespawnOptions } from '../../../server/handover/respawn.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

interface Told {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  /** The port that each passed socket listens on. */
  readonly ports: readonly number[];
}

/** Runs a program that writes down what it was given. */
async function told(t: Test, options: Omit<RespawnOptions, 'program' | 'env'>): Promise<Told> {
  const directory = scratchDir(t);
  const file = join(directory, 'told.json');
  const script = join(directory, 'program.mjs');
  writeFileSync(
    script,
    `import { createServer } from 'node:net';
     import { writeFileSync } from 'node:fs';
     const ports = [];
     for (let fd = 3; fd < 3 + Number(process.env.LISTEN_FDS ?? 0); fd += 1) {
       const server = createServer();
       await new Promise((resolve) => server.listen({ fd }, resolve));
       ports.push(server.address().port);
     }
     const { pid, env } = process;
     writeFileSync(${JSON.stringify(file)}, JSON.stringify({ argv: process.argv.slice(2), pid, env, ports }));
     process.exit();`,
  );
  const env = { PATH: process.env['PATH'], LISTEN_FDS: '9', LISTEN_PID: '1', LISTEN_FDNAMES: 'old' };
  const child = startSuccessor({ ...options, program: [process.execPath, script], env });
  t.teardown(() => child.kill('SIGKILL'));
  t.same(await once(child, 'exit'), [0, null]);
  return JSON.parse(readFileSync(file, 'utf8')) as Told;
}

t.test('it starts with the same words, once with --replace', async (t) => {
  const argv = ['--listen', '0.0.0.0:443', '--replace', '--domain', "it's"];
  const { argv: got, env } = await told(t, { argv, sockets: undefined });
  t.same(got, ['--listen', '0.0.0.0:443', '--domain', "it's", '--replace']);
  t.notMatch(Object.keys(env), ['LISTEN_FDS'], 'what was meant for this process is not meant for that one');
});

t.test('and with the sockets that were passed', async (t) => {
  const servers = [createServer(), createServer()];
  const fds: number[] = [];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    fds.push((server as unknown as { _handle: { fd: number } })._handle.fd);
    ports.push((server.address() as { port: number }).port);
  }
  const [first = 0, second = 0] = fds;
  const sockets = { shared: [second], ssh: [], http: [], metrics: [first] };
  const got = await told(t, { argv: ['a b', '$HOME'], sockets });
  t.same(got.argv, ['a b', '$HOME', '--replace']);
  t.match(got.env, { LISTEN_FDS: '2', LISTEN_FDNAMES: 'shared:metrics', LISTEN_PID: String(got.pid) });
  t.same(got.ports, ports.reverse());
});
