import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import t from 'tap';

const run = promisify(execFile);
const demoMain = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));
const browserArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

class Demo {
  readonly child: ChildProcess;
  output = '';
  readonly #exited: Promise<unknown>;

  constructor(stateHome: string) {
    this.child = spawn(process.execPath, [demoMain], {
      env: { PATH: process.env['PATH'], HOME: stateHome, XDG_STATE_HOME: stateHome },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found[1] ?? found[0];
      if (this.child.exitCode !== null) throw new Error(`the demo ended: ${this.output}`);
      await Promise.race([once(this.child.stdout ?? this.child, 'data'), this.#exited]);
    }
  }

  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    await this.#exited;
    return this.child.exitCode;
  }
}

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'porthole-demo-test-'));
  t.teardown(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => {
      resolve(true);
    });
  });
}

const stateHome = temporary();
const demo = new Demo(stateHome);
t.teardown(() => demo.child.kill('SIGKILL'));
await demo.says(/Ctrl-C ends/);

t.test('the page works in a browser: events, WebSocket, upload', async (t) => {
  const url = await demo.says(/In a browser +(https:\S+)/);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: browserArgs });
  t.teardown(() => browser.close());
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(url);
  t.equal(await page.textContent('h1'), 'It works');
  const first = await textOf(page, '#clock', (text) => text.startsWith('20'));
  await textOf(page, '#clock', (text) => text.startsWith('20') && text !== first);
  t.equal(await textOf(page, '#echo', (text) => text.startsWith('echo')), 'echo: hello through the tunnel');
  await page.fill('#text', 'once more');
  await page.click('button');
  t.equal(await textOf(page, '#echo', (text) => text.includes('once')), 'echo: once more');
  await page.setInputFiles('#file', {
    name: 'a.bin',
    mimeType: 'application/octet-stream',
    buffer: Buffer.alloc(300_000, 7),
  });
  t.equal(await textOf(page, '#uploaded', (text) => text.includes('arrived')), '300000 bytes arrived');
});

t.test('the curl line works as printed', async (t) => {
  const line = await demo.says(/With curl +(curl .+)/);
  const { stdout } = await run('sh', ['-c', `${line} --silent --show-error --max-time 10`]);
  t.match(stdout, /It works/);
});

t.test("the ssh line works as printed, with the user's own key and app", async (t) => {
  const app = createServer((_request, response) => response.end('my own app')).listen(0, '127.0.0.1');
  t.teardown(() => app.close());
  await once(app, 'listening');
  const key = join(stateHome, 'id_ed25519');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const printed = await demo.says(/Your own app +ssh (.+)/);
  // The one change: ssh takes its keys from the account's home, which is not the test's.
  const line = `exec ssh -F none -i ${key} -o BatchMode=yes ${printed.replace('localhost:3000', `127.0.0.1:${String(portOf(app))}`)}`;
  const ssh = spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => ssh.kill('SIGKILL'));
  const url = await printedUrl(ssh);
  const ca = await demo.says(/--cacert (\S+)/);
  const { stdout } = await run('curl', ['--silent', '--show-error', '--max-time', '10', '--cacert', ca, url]);
  t.equal(stdout, 'my own app');
});

t.test('a second demo takes the next port and says so; Ctrl-C ends all of it', async (t) => {
  const second = new Demo(temporary());
  t.teardown(() => second.child.kill('SIGKILL'));
  const port = Number(await second.says(/In a browser +https:[^:]+:(\d+)/));
  t.match(second.output, /Port 8443 is taken/);
  await second.says(/Ctrl-C ends/);
  t.equal(await second.interrupt(), 0);
  t.equal(await isFree(port), true);
  t.equal(await demo.interrupt(), 0);
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function printedUrl(ssh: ChildProcess): Promise<string> {
  let output = '';
  for (const stream of [ssh.stdout, ssh.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  while (!/\n {2}https:\S+/.test(output)) {
    if (ssh.exitCode !== null) throw new Error(`ssh ended: ${output}`);
    await once(ssh.stdout ?? ssh, 'data');
  }
  return /\n {2}(https:\S+)/.exec(output)?.[1] ?? '';
}

async function textOf(page: Page, selector: string, fits: (text: string) => boolean): Promise<string> {
  for (;;) {
    const text = (await page.textContent(selector)) ?? '';
    if (fits(text)) return text;
    const changed = `document.querySelector(${JSON.stringify(selector)})?.textContent !== ${JSON.stringify(text)}`;
    await page.waitForFunction(changed);
  }
}
