import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { Backoff } from '../../core/backoff.ts';
import type { SshConfigEnvironment } from '../../core/ssh-config-facts.ts';
import {
  parseLocalAddress,
  parseServiceWords,
  remoteAddress,
  type LocalAddress,
  type RemoteAddress,
  type ServiceWords,
} from '../forward/forward-words.ts';
import { type GateSession, openGateSession } from '../forward/gate-session.ts';
import { LocalListener } from '../forward/local-listener.ts';
import { Passage } from '../forward/passage.ts';
import { keysFirst, type GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { backoffMs, moveBackoffMs, stableMs } from '../reconnect-delays.ts';
import { askInLogin, askSshConfigFacts, type Answered } from '../ssh-config/ask-facts.ts';
import { Supervisor, type TunnelState } from '../supervisor.ts';
import type { Surroundings } from '../surroundings.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags } from './gateway-flags.ts';

interface ForwardFlags extends GatewayFlags {
  readonly local?: string;
  readonly gate?: string;
  readonly json?: boolean;
}

interface Wanted {
  readonly env: string;
  readonly service: ServiceWords;
  readonly local: LocalAddress;
}

/** How long a local connection waits for a gateway that is away: as long as requests wait for a tunnel. */
const waitMs = 10_000;

const examples = `
Examples:
  porthole forward pr-42 db                      127.0.0.1:5432  ->  db.pr-42:5432
  porthole forward pr-42 db:5432 --local 15432
  porthole forward pr-42 :9229                   a port of the default service`;

export function forwardCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('forward')
    .summary('a port on this machine that leads to a service of an environment')
    .description(
      'Listens on this machine, and leads each connection through the gate to a service of an environment: a database, a debugger.',
    )
    .argument('<env>', 'the environment, a machine of it by its name or UUID, or a branch name')
    .argument('<service>', 'SERVICE, SERVICE:PORT, or :PORT of the default service')
    .option(
      '--local <address>',
      "[HOST:]PORT to listen on (default: 127.0.0.1, and the service's port if it is free)",
    )
    .option('--gate <gate>', 'by this gate')
    .option('--json', 'one JSON object a line');
  return addGatewayFlags(command)
    .addHelpText('after', examples)
    .action(async (env: string, service: string, flags: ForwardFlags) =>
      end(await run({ env, service }, flags, around)),
    );
}

async function run(
  words: { readonly env: string; readonly service: string },
  flags: ForwardFlags,
  around: Surroundings,
): Promise<Outcome> {
  const service = parseServiceWords(words.service);
  if (!service.ok) return { kind: 'usage', reason: service.problem };
  const local = parseLocalAddress(flags.local ?? '0');
  if (!local.ok) return { kind: 'usage', reason: local.problem };
  const place = flags.local === undefined ? { host: '127.0.0.1', port: undefined } : local.value;
  const access = await gatewayAccess(flags, flags.gate ?? around.userName, around);
  if (!access.ok) return access.outcome;
  const wanted = { env: words.env, service: service.value, local: place };
  const remote = await findRemote(wanted, access.value, flags.gate);
  if (!remote.ok) return remote.outcome;
  return serve(wanted, remote.value, {
    access: await keysFirst({ ...access.value, user: remote.value.gate }),
    around,
    tell: flags.json === true ? tellJson(around) : tellPerson(around),
  });
}

interface Remote extends RemoteAddress {
  /** The gate that leads there. */
  readonly gate: string;
}

function findRemote(
  { env, service }: Wanted,
  access: GatewayAccess,
  gate: string | undefined,
): Promise<Answered<Remote>> {
  return askInLogin(access, async (connection) => {
    const facts = await askSshConfigFacts(connection, { target: env, gate }, access.server);
    if (!facts.ok) return facts;
    const { environments, targets } = facts.value;
    const environment: SshConfigEnvironment = environments[0] ?? { env: targets[0]?.id ?? env, services: [] };
    const remote = remoteAddress(service, environment);
    return remote.ok
      ? { ok: true, value: { ...remote.value, gate: facts.value.gate.name } }
      : { ok: false, outcome: { kind: 'failed', reason: remote.problem } };
  });
}

type ForwardEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number; readonly remote: string }
  | { readonly event: 'connected' | 'through' }
  | { readonly event: 'disconnected' | 'refused'; readonly reason: string }
  | { readonly event: 'retrying'; readonly inMs: number; readonly reason: string };

type Tell = (event: ForwardEvent) => void;

interface Serving {
  readonly access: GatewayAccess;
  readonly around: Surroundings;
  readonly tell: Tell;
}

/** Until it is stopped, or the gateway refuses the login for good. */
async function serve({ local }: Wanted, remote: Remote, { access, around, tell }: Serving): Promise<Outcome> {
  const passage = new Passage({
    ...{ host: remote.host, port: remote.port, waitMs },
    onRefused: (reason) => tell({ event: 'refused', reason }),
    onThrough: () => tell({ event: 'through' }),
  });
  const listener = await LocalListener.open(
    local,
    remote.likelyLocalPort,
    (socket) => void passage.carry(socket),
  );
  if (!listener.ok) return { kind: 'failed', reason: listener.problem };
  const { host, port } = listener.value;
  const supervisor = new Supervisor<GateSession>({
    connect: (signal) => openGateSession(access, signal),
    once: false,
    backoff: new Backoff(backoffMs),
    moveBackoff: new Backoff(moveBackoffMs),
    stableMs,
    wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
    nowMs: () => performance.now(),
    othersServe: () => false,
    onState: (state) => follow(state, passage, tell),
  });
  const forget = around.onStop(() => {
    supervisor.stop();
    listener.value.close();
  });
  tell({ event: 'listening', host, port, remote: `${remote.host}:${String(remote.port)}` });
  const outcome = await supervisor.run();
  forget();
  listener.value.close();
  return outcome;
}

function follow(state: TunnelState<GateSession>, passage: Passage, tell: Tell): void {
  switch (state.kind) {
    case 'connected':
    case 'moved':
      passage.use(state.session.connection);
      tell({ event: 'connected' });
      return;
    case 'disconnected':
      passage.use(undefined);
      tell({ event: 'disconnected', reason: state.reason });
      return;
    case 'waiting':
      tell({ event: 'retrying', inMs: state.inMs, reason: state.reason });
      return;
    case 'connecting':
    case 'draining':
    case 'ended':
  }
}

function tellJson({ out }: Surroundings): Tell {
  return (event) => out(JSON.stringify({ ...event, time: new Date().toISOString() }));
}

function tellPerson({ out, err }: Surroundings): Tell {
  let isBack = false;
  let told = '';
  return (event) => {
    switch (event.event) {
      case 'listening':
        out(
          `${event.host.includes(':') ? `[${event.host}]` : event.host}:${String(event.port)}  ->  ${event.remote}`,
        );
        return;
      case 'refused':
        err(`refused: ${event.reason}`);
        return;
      case 'through':
        err('connections go through again');
        return;
      case 'disconnected':
        isBack = true;
        told = event.reason;
        err(`disconnected: ${event.reason}`);
        return;
      case 'connected':
        if (isBack) err('connected again');
        return;
      case 'retrying':
        isBack = true;
        if (event.reason !== told) err(`${event.reason}; trying again`);
        told = event.reason;
    }
  };
}
