import { Command } from 'commander';
import { readAgentFacts } from '../agent-setup/agent-facts.ts';
import { agentStatus } from '../agent-setup/agent-status.ts';
import { askGateway } from '../agent-setup/ask-gateway.ts';
import { actingAs, invokerOf, type Invoker } from '../agent-setup/invoker.ts';
import { prepareAgent, sshdOf, type SetupWish } from '../agent-setup/prepare-agent.ts';
import { removeAgent } from '../agent-setup/remove-agent.ts';
import { runProgramToEnd } from '../agent-setup/run-program.ts';
import { setUpAgent } from '../agent-setup/set-up-agent.ts';
import {
  printedLines,
  removedLines,
  setupJson,
  setupLines,
  statusJson,
  statusLines,
  type AskedAuthority,
} from '../agent-setup/agent-report.ts';
import { ok, type Outcome } from '../outcome.ts';
import { machineId, machineIdPath } from '../ssh-server/machine-id.ts';
import type { Surroundings } from '../surroundings.ts';
import {
  addLimitFlags,
  addPlaceFlags,
  addReloadFlags,
  placesOf,
  readLimits,
  reloadWay,
  type LimitFlags,
  type PlaceFlags,
  type ReloadFlags,
} from './agent-flags.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags } from './gateway-flags.ts';

interface SetupFlags extends GatewayFlags, PlaceFlags, ReloadFlags, LimitFlags {
  readonly env?: string;
  readonly force?: boolean;
  readonly print?: boolean;
}

interface StatusFlags extends GatewayFlags, PlaceFlags {
  readonly offline?: boolean;
}

type End = (outcome: Outcome) => void;

const setupNotes = `
Run it as root on the machine that people are to reach, before or after "porthole connect ENV --ssh", which tells the gateway
of it. It writes a file that the configuration of sshd includes, with what that needs in /etc/ssh/porthole, has sshd check it,
and has it read again; on any failure all is as it was. Keys that log in there go on doing so.

Examples:
  sudo porthole agent setup pr-42 --user dev --server https://preview.example.com
  sudo porthole agent setup pr-42 --user dev --user deploy --longest-certificate 5m
  sudo porthole agent setup pr-42 --any-user
  sudo porthole agent setup pr-42 --user dev --print`;

/** `porthole agent`: has this machine's SSH server take the gateway's certificates. */
export function agentCommand(around: Surroundings, end: End): Command {
  return new Command('agent')
    .summary("let the gateway's certificates into this machine, by its own SSH server")
    .description("Has this machine's SSH server take the certificates that the gateway signs for it.")
    .addCommand(setupCommand(around, end))
    .addCommand(statusCommand(around, end))
    .addCommand(removeCommand(around, end));
}

function setupCommand(around: Surroundings, end: End): Command {
  const command = new Command('setup')
    .summary("have sshd trust the gateway's certificates for this machine")
    .description("Has sshd trust the gateway's certificates for this machine, for the users that are named.")
    .argument('[env]', 'the environment that "porthole connect" is for (env: PORTHOLE_ENV)')
    .option('-e, --env <name>', 'the same')
    .option('--force', 'although others have set TrustedUserCAKeys or the like there')
    .option('--print', 'show what would be written, and write nothing');
  addGatewayFlags(addReloadFlags(addPlaceFlags(addLimitFlags(command))));
  return command
    .addHelpText('after', setupNotes)
    .action(async (env: string | undefined, flags: SetupFlags) => {
      end(await setup(env ?? flags.env, flags, around));
    });
}

function statusCommand(around: Surroundings, end: End): Command {
  const command = new Command('status')
    .summary('whether sshd takes them, for whom, and whether the gateway signs with that key')
    .description("Says whether sshd takes the gateway's certificates. Ends with 0 when it does, else with 1.")
    .option('--offline', 'do not ask the gateway for its key');
  return addGatewayFlags(addPlaceFlags(command)).action(async (flags: StatusFlags) => {
    end(await status(flags, around));
  });
}

function removeCommand(around: Surroundings, end: End): Command {
  const command = new Command('remove')
    .summary('take away what setup wrote')
    .description('Takes away what "porthole agent setup" wrote, and nothing else.');
  return addReloadFlags(addPlaceFlags(command)).action(async (flags: PlaceFlags & ReloadFlags) => {
    end(await remove(flags, around));
  });
}

async function setup(env: string | undefined, flags: SetupFlags, around: Surroundings): Promise<Outcome> {
  const limits = readLimits(flags);
  if (!limits.ok) return { kind: 'usage', reason: limits.problem };
  const places = placesOf(flags, around);
  if (!places.ok) return { kind: 'usage', reason: places.problem };
  const invoker = invokerOf(around);
  const asUser = { ...around, home: invoker?.home ?? around.home };
  const access = await gatewayAccess(flags, env ?? around.userName, asUser);
  if (!access.ok) return access.outcome;
  const said = await askGateway(access.value, env !== undefined);
  if (!said.ok) return said.outcome;
  const { ca, env: envName } = said.facts;
  const kept =
    envName === undefined
      ? undefined
      : machineIdPath({ gateway: access.value.server.host, env: envName }, asUser);
  const targetId = limits.value.targetId ?? idOf(kept, { dir: places.value.dir, invoker });
  if (targetId === undefined)
    return {
      kind: 'usage',
      reason: 'say which machine this is: porthole agent setup ENV, or --target-id UUID',
    };
  const wish: SetupWish = {
    ...limits.value,
    ...{ places: places.value, targetId, ca },
    reload: reloadWay(flags, places.value),
    force: flags.force === true,
  };
  if (flags.print === true) return print(wish, around);
  const outcome = await setUpAgent(wish, runProgramToEnd);
  if (outcome.kind === 'refused') return { kind: 'failed', reason: outcome.reason };
  if (flags.json === true) around.out(setupJson(wish, outcome));
  else for (const line of setupLines(wish, outcome, env)) around.out(line);
  return ok;
}

/** What "porthole connect" keeps for that environment, or would; else what was set up before. */
function idOf(
  kept: string | undefined,
  { dir, invoker }: { dir: string; invoker: Invoker | undefined },
): string | undefined {
  if (kept === undefined) return readAgentFacts(dir)?.targetId;
  const read = (): string => machineId(kept).uuid;
  return invoker === undefined ? read() : actingAs(invoker, read);
}

async function print(wish: SetupWish, around: Surroundings): Promise<Outcome> {
  const prepared = await prepareAgent(
    { ...wish, force: true },
    sshdOf(wish.places, runProgramToEnd),
    'print',
  );
  if (!prepared.ok) return { kind: 'failed', reason: prepared.problem };
  await around.print(printedLines(prepared.plan));
  return ok;
}

async function status(flags: StatusFlags, around: Surroundings): Promise<Outcome> {
  const places = placesOf(flags, around);
  if (!places.ok) return { kind: 'usage', reason: places.problem };
  const found = await agentStatus(places.value, runProgramToEnd);
  const authority = found.kind === 'none' ? 'not-asked' : await askAuthority(flags, found.facts.ca, around);
  if (flags.json === true) around.out(statusJson(found, authority));
  else for (const line of statusLines(found, authority)) around.out(line);
  if (found.kind === 'none') return { kind: 'failed', reason: 'nothing is set up on this machine' };
  if (found.problem !== undefined) return { kind: 'failed', reason: found.problem };
  return authority === 'another'
    ? { kind: 'failed', reason: 'the gateway signs with another key now: run "porthole agent setup" again' }
    : ok;
}

async function askAuthority(flags: StatusFlags, ca: string, around: Surroundings): Promise<AskedAuthority> {
  if (flags.offline === true) return 'not-asked';
  const home = invokerOf(around)?.home ?? around.home;
  const access = await gatewayAccess(flags, around.userName, { ...around, home });
  const said = access.ok ? await askGateway(access.value, false) : undefined;
  if (said?.ok !== true) return 'unknown';
  return keyOf(said.facts.ca) === keyOf(ca) ? 'the-same' : 'another';
}

async function remove(flags: PlaceFlags & ReloadFlags, around: Surroundings): Promise<Outcome> {
  const places = placesOf(flags, around);
  if (!places.ok) return { kind: 'usage', reason: places.problem };
  const wish = { places: places.value, reload: reloadWay(flags, places.value) };
  const outcome = await removeAgent(wish, runProgramToEnd);
  if (outcome.kind === 'refused') return { kind: 'failed', reason: outcome.reason };
  if (flags.json === true) around.out(JSON.stringify(outcome));
  else for (const line of removedLines(outcome)) around.out(line);
  return ok;
}

function keyOf(line: string): string {
  return line.split(' ', 2).join(' ');
}
