import { resolve } from 'node:path';
import { Command } from 'commander';
import { ok, type Outcome } from '../outcome.ts';
import { parseServer, type ServerAddress } from '../server-url.ts';
import { shellCommand } from '../shell-quote.ts';
import { sshCommand } from '../ssh-command-line.ts';
import type { Surroundings } from '../surroundings.ts';
import { addGatewayFlags, type GatewayFlags } from './gateway-flags.ts';
import { addOfferFlags, type OfferFlags, readOffers, targetHelp } from './offer-flags.ts';

interface SshCommandFlags extends GatewayFlags, OfferFlags {
  readonly raw?: boolean;
}

const examples = `
Examples:
  porthole ssh-command pr-42 web=3000 --server https://preview.example.com
  porthole ssh-command pr-42 3000 --server ssh://preview.example.com:443`;

export function sshCommandCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('ssh-command')
    .summary('print the equal command line for stock ssh')
    .description(
      'Prints the ssh command line that does the same as `porthole connect`, for machines without it.',
    )
    .argument('<env>', 'the environment, such as pr-42 or a branch name')
    .argument('<target...>', '[SERVICE[:PORT]=]TARGET, see below');
  return addOfferFlags(addGatewayFlags(command))
    .option('--raw', 'SSH without TLS around it, on the same port')
    .addHelpText('after', `${targetHelp}\n${examples}`)
    .action((env: string, targets: string[], flags: SshCommandFlags) =>
      end(printSshCommand({ env, targets }, flags, around)),
    );
}

export function printSshCommand(
  { env, targets }: { env: string; targets: readonly string[] },
  flags: SshCommandFlags,
  around: Surroundings,
): Outcome {
  const server = parseServer(flags.server);
  if (!server.ok) return { kind: 'usage', reason: server.problem };
  const offers = readOffers(targets, flags);
  if (!offers.ok) return { kind: 'usage', reason: offers.problem };
  if (flags.hostKey !== undefined) {
    return {
      kind: 'usage',
      reason: 'ssh cannot check a fingerprint by itself: use --known-hosts instead of --host-key',
    };
  }
  const words = sshCommand({
    env,
    server: flags.raw === true ? withoutTls(server.value) : server.value,
    offers: offers.value,
    caFile: absolute(flags.ca),
    identityFile: absolute(flags.identity),
    certificateFile: absolute(flags.certificate),
    knownHostsFile: absolute(flags.knownHosts),
  });
  if (!words.ok) return { kind: 'usage', reason: words.problem };
  around.out(shellCommand(words.value));
  return ok;
}

/** The line may be pasted in another folder. */
function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}

function withoutTls(server: ServerAddress): ServerAddress {
  return { ...server, transport: 'tcp' };
}
