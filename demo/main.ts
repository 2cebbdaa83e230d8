import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PortholeError } from '../core/errors.ts';
import { createLog } from '../core/log.ts';
import { envSlug, openEnvName } from '../core/names.ts';
import type { Config } from '../server/config/keys.ts';
import { load } from '../server/config/load.ts';
import type { Gateway } from '../server/gateway.ts';
import { startGateway } from '../server/server.ts';
import { loadOrMakeKey } from '../server/ssh/host-key.ts';
import { DemoAdmissions } from './admissions.ts';
import { startSampleApp, type SampleApp } from './app.ts';

const firstPort = 8443;
const portsToTry = 20;
const graceMs = 2_000;
const clientMain = fileURLToPath(new URL('../client/main.ts', import.meta.url));

interface Demo {
  readonly gateway: Gateway;
  readonly app: SampleApp;
  readonly tunnel: ChildProcess;
}

/** `npm run demo`: a gateway on loopback, a sample app behind a real tunnel, and the lines to try it with. */
async function main(): Promise<void> {
  const app = await startSampleApp();
  const { gateway, stateDir, keyFile } = await startDemoGateway();
  const port = portOf(gateway);
  const knownHosts = join(stateDir, 'known_hosts');
  writeFileSync(knownHosts, `${gateway.knownHosts}\n`);
  const tunnel = dialIn({ gateway, keyFile, port, app });
  endOnSignals({ gateway, app, tunnel });
  await untilOnline(tunnel);
  process.stdout.write(greeting({ gateway, port, knownHosts }));
}

async function startDemoGateway(): Promise<{ gateway: Gateway; stateDir: string; keyFile: string }> {
  let stateDir = join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'porthole-demo');
  for (let port = firstPort; port < firstPort + portsToTry; port += 1) {
    try {
      return await startOn(port, stateDir);
    } catch (error) {
      if (!(error instanceof PortholeError)) throw error;
      if (error.code === 'ERR_STATE_DIR') {
        stateDir = mkdtempSync(join(tmpdir(), 'porthole-demo-'));
        process.stdout.write(`${error.message}: using ${stateDir}\n`);
        port -= 1;
      } else if (error.code === 'ERR_PORT_IN_USE')
        process.stdout.write(`Port ${String(port)} is taken, trying the next.\n`);
      else throw error;
    }
  }
  throw new PortholeError('ERR_PORT_IN_USE', {
    message: `ports ${String(firstPort)} and the next ${String(portsToTry)} are all taken`,
  });
}

async function startOn(
  port: number,
  stateDir: string,
): Promise<{ gateway: Gateway; stateDir: string; keyFile: string }> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const keyFile = join(stateDir, 'demo_key');
  const { publicKey } = loadOrMakeKey(keyFile);
  const config = demoConfig(port, stateDir);
  const gateway = await startGateway(config, {
    log: createLog({ level: 'error', format: 'pretty' }),
    admissions: new DemoAdmissions(publicKey),
    envNameOf: (identity, user) =>
      DemoAdmissions.isDemo(identity) ? envSlug(user) : openEnvName(user, identity.keyId),
  });
  return { gateway, stateDir, keyFile };
}

/** The defaults, but on loopback, open to any key, and with previews that need no link: nobody else can reach it. */
function demoConfig(port: number, stateDir: string): Config {
  const argv = [
    '--listen',
    `127.0.0.1:${String(port)}`,
    '--state-dir',
    stateDir,
    '--admission',
    'open',
    '--access',
    'public',
  ];
  const loaded = load({ argv, env: {}, readFile: () => '' });
  if (!loaded.ok) throw new PortholeError('ERR_CONFIG', { message: loaded.problems.join('; ') });
  return loaded.config;
}

function portOf(gateway: Gateway): number {
  const [address = ''] = gateway.addresses;
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** The bundled client, in a process of its own, as on any machine. */
function dialIn({
  gateway,
  keyFile,
  port,
  app,
}: {
  gateway: Gateway;
  keyFile: string;
  port: number;
  app: SampleApp;
}): ChildProcess {
  const server = `https://localhost:${String(port)}`;
  const ca = gateway.caFile === undefined ? [] : ['--ca', gateway.caFile];
  const args = [
    'connect',
    'demo',
    `web=${String(app.port)}`,
    '--server',
    server,
    ...ca,
    '--identity',
    keyFile,
    '--json',
  ];
  return spawn(process.execPath, [clientMain, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function untilOnline(tunnel: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    tunnel.once('exit', (code) => {
      reject(
        new PortholeError('ERR_TUNNEL_CLOSED', {
          message: `the demo's tunnel ended with exit code ${String(code)}`,
        }),
      );
    });
    if (tunnel.stdout === null) return;
    createInterface({ input: tunnel.stdout }).on('line', (line) => {
      if (line.includes('"url"')) resolve();
    });
  });
}

function endOnSignals({ gateway, app, tunnel }: Demo): void {
  let ending = false;
  const end = (): void => {
    if (ending) gateway.destroy('second signal');
    ending = true;
    tunnel.kill('SIGTERM');
    app.close();
    setTimeout(() => {
      gateway.destroy('took too long');
    }, graceMs).unref();
    void gateway.close();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

function greeting({
  gateway,
  port,
  knownHosts,
}: {
  gateway: Gateway;
  port: number;
  knownHosts: string;
}): string {
  const url = gateway.urls.urlOf({ env: 'demo', service: 'web', port: undefined });
  const ca = gateway.caFile ?? '';
  return `
Porthole demo: a sample app behind a real tunnel.

  In a browser      ${url}
  With curl         curl --cacert ${quote(ca)} ${url}
  Your own app      ssh -p ${String(port)} -o UserKnownHostsFile=${quote(knownHosts)} -R 80:localhost:3000 my-app@localhost

The last line, in another terminal, gives whatever listens on port 3000 a URL, and prints it.
The certificate is of the gateway's own making: trust ${ca} to browse without a warning.
Here any key may dial in and previews are public, because only this machine can reach them. Ctrl-C ends all of it.
`;
}

/** For a shell, where a path may have blanks. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof PortholeError)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exit(1);
}
