import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import t from 'tap';
import { PortholeError } from '../../core/errors.ts';
import type { LogOptions } from '../../core/log.ts';
import { createLog, silentLog } from '../../core/log.ts';

const logModule = new URL('../../core/log.ts', import.meta.url).href;

function collected(options: Partial<LogOptions> = {}): {
  log: ReturnType<typeof createLog>;
  lines: string[];
} {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLog({ level: 'info', format: 'json', destination, ...options }), lines };
}

function parsed(lines: string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

t.test('a line has its level by name, its time, its facts and its message', (t) => {
  const { log, lines } = collected({ name: 'portholed' });
  log.info({ env: 'pr-42' }, 'forward added');
  log.debug('below the level');
  const [line] = parsed(lines);
  t.match(line, { level: 'info', name: 'portholed', pid: process.pid, env: 'pr-42', msg: 'forward added' });
  t.match(line?.['time'], /^\d{4}-\d\d-\d\dT.*Z$/);
  t.equal(lines.length, 1);
  t.end();
});

t.test('an error keeps its code, its cause and its details', (t) => {
  const { log, lines } = collected();
  const cause = new Error('connect ECONNREFUSED 127.0.0.1:3000');
  log.error({ err: new PortholeError('ERR_UPSTREAM_REFUSED', { cause, details: { port: 3000 } }) }, 'failed');
  t.match(parsed(lines)[0], { err: { code: 'ERR_UPSTREAM_REFUSED', status: 502, details: { port: 3000 } } });
  t.match(lines[0], 'ECONNREFUSED');
  t.end();
});

for (const format of ['json', 'pretty'] as const) {
  t.test(`no secret gets out as ${format}`, (t) => {
    const { log, lines } = collected({ format });
    const secret = 'hunter2';
    const headers = {
      authorization: `Bearer ${secret}`,
      Cookie: secret,
      'set-cookie': [secret],
      'proxy-authorization': secret,
    };
    log.info({ headers, token: secret, req: { headers } }, 'request');
    log.info({ a: { b: { password: secret, secret, privateKey: secret, shareToken: secret } } });
    log.info({ url: `/?porthole-share=${secret}&x=1` }, `GET https://pr.test/?porthole-share=${secret}`);
    log.child({ token: secret, session: { secret } }).child({ password: secret }).info('from a child');
    log.error(
      new PortholeError('ERR_CONFIG', {
        details: { token: secret },
        cause: new Error(`?porthole-share=${secret}`),
      }),
    );
    log.warn('-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----', secret);
    t.equal(lines.length, 6);
    t.notMatch(lines.join(''), secret);
    t.match(lines.join(''), 'redacted');
    t.end();
  });
}

t.test('pretty lines are for people', (t) => {
  const { log, lines } = collected({ format: 'pretty' });
  log.info({ env: 'pr-42' }, 'forward added');
  t.match(lines[0], /INFO.*forward added/);
  t.match(lines[0], /env.*pr-42/);
  t.throws(() => JSON.parse(lines[0] ?? ''));
  t.end();
});

t.test('a silent log says nothing and has children', (t) => {
  const log = silentLog().child({ env: 'pr-42' });
  log.fatal('nobody hears it');
  t.equal(log.level, 'silent');
  t.end();
});

/** A program whose standard output is a pipe that nobody reads until `read` is called. */
function program(
  t: Test,
  source: string,
): { child: ChildProcess; exit: Promise<number>; read: () => AsyncIterable<string> } {
  const fifo = join(t.testdir({}), 'stdout');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, 'r+');
  const code = `import { createLog } from ${JSON.stringify(logModule)}; ${source}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', fd, 'inherit', 'ipc'],
  });
  child.on('error', (error) => t.fail('the program did not start', { error }));
  const exit = once(child, 'exit').then(([status]) => status as number);
  const read = (): AsyncIterable<string> => createInterface(createReadStream(fifo));
  t.teardown(() => child.kill('SIGKILL'));
  void exit.finally(() => {
    closeSync(fd);
  });
  return { child, exit, read };
}

const flood = `
  const log = createLog({ level: 'info', format: 'json' });
  const total = 20000;
  for (let line = 0; line < total; line += 1) {
    log.info({ line, filler: 'x'.repeat(480) }, 'flood');
    if (line % 100 === 0) await new Promise(setImmediate);
  }
`;

t.test('a full pipe neither stops the program nor fills it, and what was dropped is counted', async (t) => {
  const { child, exit, read } = program(
    t,
    `${flood}
    process.on('message', () => { log.info('bye'); process.disconnect(); });
    process.send('alive');`,
  );
  await once(child, 'message');
  let lines = 0;
  for await (const line of read()) {
    const { dropped } = JSON.parse(line) as { dropped?: number };
    if (dropped === undefined) {
      lines += 1;
      continue;
    }
    t.ok(lines * 600 > 4 * 1024 * 1024, `what fits was kept: ${String(lines)} lines`);
    t.equal(lines + dropped, 20_000);
    break;
  }
  child.send('end');
  t.equal(await exit, 0);
});

t.test('a program whose output nobody reads can exit', async (t) => {
  const { exit } = program(t, `${flood} process.exit(3);`);
  t.equal(await exit, 3);
});

t.test('the last lines before an exit are not lost', async (t) => {
  const { exit, read } = program(
    t,
    `
    const log = createLog({ level: 'info', format: 'json' });
    log.info('first'); log.fatal('last'); process.exit(1);`,
  );
  const messages: unknown[] = [];
  const reading = (async () => {
    for await (const line of read()) messages.push((JSON.parse(line) as { msg: unknown }).msg);
  })();
  t.equal(await exit, 1);
  await reading;
  t.same(messages, ['first', 'last']);
});

t.test('a file as standard output has every line', async (t) => {
  const file = join(t.testdir({}), 'log');
  const fd = openSync(file, 'w');
  const code = `import { createLog } from ${JSON.stringify(logModule)}; ${flood}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', fd, 'inherit'],
  });
  t.same(await once(child, 'exit'), [0, null]);
  closeSync(fd);
  t.equal(readFileSync(file, 'utf8').split('\n').length, 20_001);
});
