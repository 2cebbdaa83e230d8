import type { Duplex } from 'node:stream';
import type { Parsed } from '../core/parsed.ts';
import { logInToAsk, outcomeOf } from './asking.ts';
import type { SshConnection } from './connection.ts';
import { openProblem } from './direct-channel.ts';
import { type GatewayCommand, type GatewayReply, runGatewayCommandIn } from './gateway-command.ts';
import type { GatewayAccess } from './login.ts';
import { oneLine } from './printable.ts';
import { type HostKeyScan, scanHostKeys } from './ssh-server/host-key-scan.ts';

/** For each kind of key; the gate itself waits for a machine's server to greet. */
const scanTimeoutMs = 30_000;
const sshPort = 22;

/** Logs in, looks at the host keys of an environment's SSH server through the gate, and runs a command that reads them. */
export async function runWithScannedKeys(
  access: GatewayAccess,
  command: Omit<GatewayCommand, 'stdin'>,
  env: string,
): Promise<GatewayReply> {
  const opened = await logInToAsk(access);
  if (opened.kind !== 'open') return { lines: [], notes: [], outcome: outcomeOf(opened) };
  const { connection } = opened;
  const reply = await run(connection, command, env);
  await connection.close();
  return reply;
}

async function run(
  connection: SshConnection,
  command: Omit<GatewayCommand, 'stdin'>,
  env: string,
): Promise<GatewayReply> {
  const seen = await scanThroughGate(connection, env);
  if (seen.kind === 'keys') {
    const stdin = seen.keys.map((key) => `${key}\n`).join('');
    return runGatewayCommandIn(connection, { ...command, stdin });
  }
  const reason = `cannot look at the host keys of ${env}: ${seen.reason}`;
  return { lines: [], notes: [], outcome: { kind: 'failed', reason } };
}

/** The host keys of the SSH server that the gate leads to; nobody logs in there. */
export function scanThroughGate(
  connection: Pick<SshConnection, 'openDirect'>,
  env: string,
): Promise<HostKeyScan> {
  return scanHostKeys({ timeoutMs: scanTimeoutMs, open: () => openJump(connection, env) });
}

async function openJump(connection: Pick<SshConnection, 'openDirect'>, env: string): Promise<Parsed<Duplex>> {
  const channel = await connection.openDirect({ host: env, port: sshPort });
  return 'kind' in channel
    ? { ok: false, problem: oneLine(openProblem(channel)) }
    : { ok: true, value: channel };
}
