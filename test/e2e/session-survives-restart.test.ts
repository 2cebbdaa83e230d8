import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { Portholed } from '../support/portholed.ts';
import { startPreviewApp } from '../support/preview-app.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { offer } from '../support/stock-ssh.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const host = 'pr-1.preview.test';
// A browser goes back to the port that it knows: one that the system gives to nobody meanwhile, as it does with those above 32767.
const port = 10_000 + (process.pid % 20_000);
const stateDir = join(scratchDir(t), 'state');
const where = ['--domain', 'preview.test', '--listen', `127.0.0.1:${String(port)}`, '--state-dir', stateDir];
const { gateway: first, key, keysFile } = await startGateway(t, where);
const app = await startPreviewApp(t, 'the app');
const browser = new CurlBrowser(t, first);
const url = (path = '/echo'): string => `https://${host}:${String(port)}${path}`;

const dialIn = (gateway: Portholed): Promise<Program> =>
  offer(t, { gateway, key }, { env: 'pr-1', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });

/** Another process on the same state directory. */
async function next(more: readonly string[] = []): Promise<Portholed> {
  const gateway = await Portholed.start(t, ['--authorized-keys', keysFile, ...where, ...more]);
  t.teardown(() => {
    if (!t.passing()) t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
  });
  return gateway;
}

/** `portholed session-key WORDS`; gives what it prints. */
async function sessionKey(...words: string[]): Promise<string> {
  const command = new Program(t, process.execPath, [
    program,
    'session-key',
    ...words,
    '--state-dir',
    stateDir,
  ]);
  t.equal((await command.exit).code, 0, command.stderr);
  return command.stdout;
}

/** The id of the key that sealed the host's cookie. */
const sealedWith = (): string => /porthole_session=(\w+)\./.exec(browser.cookiesOf(host))?.[1] ?? '';

t.test('a login', async (t) => {
  await dialIn(first);
  t.equal((await browser.go(url())).status, 401);
  const { stdout } = await commandsBySsh(t, first, key)('login');
  await browser.submit(await browser.go(stdout.trim()), `https://preview.test:${String(port)}`);
  t.equal((await browser.go(url())).status, 200);
});

t.test('it survives a restart', async (t) => {
  t.equal(await first.kill('SIGTERM'), 0);
  const second = await next();
  await dialIn(second);
  t.equal((await browser.go(url())).status, 200);

  const third = await next(['--replace']);
  t.equal(await second.exit(), 0);
  await dialIn(third);
  t.equal((await browser.go(url())).status, 200, 'and a successor that takes over');
});

t.test('it survives a new key, and its cookie is sealed with that', async (t) => {
  const before = sealedWith();
  const [newest = ''] = /^\w+/.exec(await sessionKey('rotate')) ?? [];
  t.not(newest, before);
  await until('the new key is used', async () => {
    t.equal((await browser.go(url())).status, 200, 'never asked to log in');
    return sealedWith() === newest;
  });
  t.match((await sessionKey('list')).split('\n'), [/^KEY/, new RegExp(`^${before}`), /in use$/]);
});

t.test('it ends when the old keys are dropped', async (t) => {
  await sessionKey('rotate', '--drop-old');
  await until('the old keys are forgotten', async () => (await browser.go(url())).status === 401);
  t.match((await browser.go(url('/'))).body, /Sign in/);
});
