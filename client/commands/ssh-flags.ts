import type { Command } from 'commander';
import type { Parsed } from '../../core/parsed.ts';
import type { ConnectWords } from '../connect-words.ts';
import { isSshAddress, readSshServer, type SshServer } from '../ssh-server/ssh-server-offer.ts';
import type { Offer } from '../target.ts';

/** What is said of the machine's SSH server, and of the machine. */
export interface SshFlags {
  readonly ssh?: string | boolean;
  readonly osUser?: string;
  readonly targetName?: string;
  readonly targetId?: string;
  /** The number that stood alone right after `--ssh`, where it may have been meant for the environment. */
  readonly sshNumber?: string;
}

export const sshHelp = `
The SSH server (--ssh):
  --ssh                     this machine's, on port 22: people get in by the gateway's gate, porthole ssh pr-42
  --ssh 2222, --ssh=10.0.0.5:22   another port, another machine. A port or HOST:PORT right after --ssh is taken for
                            its address; any other word is not: in "--ssh pr-42 3000" ENV is pr-42
  The machine then is a target at the gateway, with an id of its own and the host keys that its server shows.`;

export function addSshFlags(command: Command): Command {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => {
    const parsed = parse(attachSshAddress(words));
    const number = words.find((word, at) => words[at - 1] === '--ssh' && /^\d+$/.test(word));
    const envIsGiven = command.getOptionValueSource('env') === 'cli';
    if (number === command.getOptionValue('ssh') && !envIsGiven) command.setOptionValue('sshNumber', number);
    return parsed;
  };
  return command
    .option(
      '--ssh [address]',
      "offer this machine's SSH server to the gate, and say which machine it is (see below)",
      // Without an address the word stands for the usual one.
      (address: string) => address === '' || address,
    )
    .option('--no-ssh', 'do not, whatever porthole.toml says')
    .option('--os-user <name>', 'with --ssh: whom people log in as, if they say nothing else')
    .option('--target-name <name>', 'with --ssh: what the machine is called (default: as the environment)')
    .option(
      '--target-id <uuid>',
      'with --ssh: the id of the machine (default: one that is made once, and kept)',
    );
}

/** Commander takes any word after an option for its value; the name of an environment is none. */
function attachSshAddress(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const attached: string[] = [];
  words.forEach((word, at) => {
    const before = words[at - 1];
    const isOption = end === -1 || at < end;
    if (isOption && word === '--ssh') attached.push('--ssh=');
    else if (isOption && before === '--ssh' && isSshAddress(word))
      attached.push(`${attached.pop() ?? ''}${word}`);
    else attached.push(word);
  });
  return attached;
}

interface SshSetting {
  readonly words: ConnectWords;
  /** The other services. */
  readonly offers: readonly Offer[];
  /** The options of all. */
  readonly common: readonly string[];
}

/** The SSH server that is to be offered; undefined for none. */
export function sshServerOf(
  { ssh, osUser, targetName, targetId, sshNumber }: SshFlags,
  { words, offers, common }: SshSetting,
): Parsed<SshServer | undefined> {
  // `42 3000` means the environment 42.
  if (sshNumber !== undefined && words.env === undefined && words.targets.length > 0)
    return {
      ok: false,
      problem: `is ${sshNumber} the environment, or the port of the SSH server? Write --ssh=${sshNumber} for the port, or put --ssh last`,
    };
  return readSshServer({ address: ssh, osUser, name: targetName, id: targetId }, offers, common);
}
