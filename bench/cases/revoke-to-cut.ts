import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import type { Client, ClientChannel } from 'ssh2';
import type { KeyAdmin } from '../peers/peer.ts';
import { percentile } from '../chaos/percentile.ts';
import { pathOf } from '../tools.ts';
import { sshOptions } from '../peers/ssh-tunnel.ts';
import type { Case, Measurement, Trial } from './case.ts';

const limitMs = 20_000;
/** Keys for each second that a load of the other cases takes. */
const keysPerSecond = 5;

function ready(
  { port }: KeyAdmin,
  { username, privateKey }: { username: string; privateKey: string | Buffer },
): Promise<Client> {
  return new Promise((settle, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.on('ready', () => settle(client));
    client.connect({ host: '127.0.0.1', port, username, privateKey, readyTimeout: limitMs });
  });
}

/** Gives an administrator's command with something on its standard input; throws when it fails. */
async function give(admin: Client, command: string, input: string): Promise<void> {
  const channel = await new Promise<ClientChannel>((settle, reject) => {
    admin.exec(command, (error, opened) => (error === undefined ? settle(opened) : reject(error)));
  });
  let said = '';
  for (const stream of [channel, channel.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  channel.end(input);
  const [code] = await once(channel, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
}

interface Tunnel {
  readonly keyName: string;
  /** Settles with the moment at which the connection was closed. */
  readonly cut: Promise<number>;
}

/** A tunnel with a key of its own. */
async function dial(server: KeyAdmin, admin: Client, keyName: string): Promise<Tunnel> {
  const key = ssh2.utils.generateKeyPairSync('ed25519', { comment: keyName });
  await give(admin, `key add --name ${keyName}`, key.public);
  const client = await ready(server, { username: keyName, privateKey: key.private });
  // An announced end is an error to ssh2's client.
  client.removeAllListeners('error').on('error', () => {});
  await new Promise<void>((settle, reject) => {
    client.forwardIn('localhost', 80, (error) => (error === undefined ? settle() : reject(error)));
  });
  const cut = once(client, 'close').then(() => performance.now());
  return { keyName, cut };
}

/** Revokes a key with stock ssh: the milliseconds from the start and from the return of the command to the tunnel's end. */
async function revoke(
  { workspace }: Trial,
  { port, user, identityFile }: KeyAdmin,
  { keyName, cut }: Tunnel,
): Promise<{ fromStart: number; fromReturn: number }> {
  const target = ['-p', String(port), '-i', identityFile, `${user}@127.0.0.1`, 'key', 'revoke', keyName];
  const startedAt = performance.now();
  await workspace.processes.run(pathOf(workspace.tools, 'ssh'), [...sshOptions, ...target], limitMs);
  const returnedAt = performance.now();
  const tooLate = AbortSignal.timeout(limitMs);
  const cutAt = await Promise.race([
    cut,
    once(tooLate, 'abort').then(() => {
      throw new Error(`the tunnel of a revoked key was still there after ${limitMs / 1000} s`);
    }),
  ]);
  return { fromStart: cutAt - startedAt, fromReturn: Math.max(0, cutAt - returnedAt) };
}

async function run(trial: Trial): Promise<Measurement[]> {
  const server = trial.peer.keyAdmin!;
  const admin = await ready(server, {
    username: server.user,
    privateKey: readFileSync(server.identityFile),
  });
  admin.on('error', () => {});
  try {
    const names = Array.from({ length: keysPerSecond * trial.seconds }, () =>
      trial.workspace.uniqueName('key'),
    );
    const tunnels: Tunnel[] = [];
    for (const name of names) tunnels.push(await dial(server, admin, name));
    const times: { fromStart: number; fromReturn: number }[] = [];
    for (const tunnel of tunnels) times.push(await revoke(trial, server, tunnel));
    return (['fromReturn', 'fromStart'] as const).flatMap((from) =>
      ([50, 95] as const).map((p) => ({
        metric: `${from === 'fromReturn' ? 'after' : 'whole'}-p${p}`,
        value: percentile(
          times.map((time) => time[from]),
          p,
        ),
        unit: from === 'fromReturn' ? 'ms after the command returned' : 'ms after the command began',
        better: 'lower' as const,
      })),
    );
  } finally {
    admin.end();
  }
}

/** How long a tunnel lives on whose key was revoked. */
export const revokeToCut: Case = {
  name: 'revoke-to-cut',
  title: 'from `ssh GATEWAY key revoke` to the end of the tunnel of that key, at its client',
  tools: ['ssh'],
  instance: 'shared',
  canRun: ({ keyAdmin }) => keyAdmin !== undefined,
  run,
};
