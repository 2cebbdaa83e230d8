import { Command, Option } from 'commander';
import { quoteWord } from '../../core/command-words.ts';
import { commands, type CommandArgument, type CommandOption, type CommandSpec } from '../../core/commands.ts';
import { writeCertificate } from '../certificate-file.ts';
import { runGatewayCommand, type GatewayReply } from '../gateway-command.ts';
import { keysFirst, withoutCertificates, type GatewayAccess } from '../login.ts';
import { ok, type Outcome } from '../outcome.ts';
import { readHostKeys } from '../host-keys-argument.ts';
import { readKeyArgument } from '../public-key-argument.ts';
import { readSecret } from '../secret-line.ts';
import { isFresh } from '../ssh-config/target-certificate.ts';
import type { Surroundings } from '../surroundings.ts';
import { runWithScannedKeys } from '../target-scan.ts';
import { addGatewayFlags, gatewayAccess, type GatewayFlags } from './gateway-flags.ts';
import { keyCheck } from './key-check.ts';

/** What the commands that begin with the same word are about. */
const groups: Readonly<Record<string, string>> = {
  key: 'who may dial in: the keys that the gateway knows',
  env: 'whose the environment names are',
  token: 'tokens by which programs reach private environments',
  password: 'passwords of private environments',
  session: 'logins of browsers',
  target: 'the machines that people reach by SSH',
  'target profile': 'how you reach machines: as whom, and with which key',
  gate: 'the entry points by which people reach machines',
  grant: 'who may reach machines that their keys alone would not',
};

const examples: Readonly<Record<string, string>> = {
  'key add': `
Examples:
  porthole key add colleague.pub --name laptop --principal ana --env 'pr-*' --expires 30d
  ssh-add -L | head -1 | porthole key add - --role member`,
  'env transfer': `
Examples:
  porthole env transfer pr-42 ana`,
  share: `
Examples:
  porthole share pr-42
  porthole share pr-42/web --ttl 2d --email ben@example.com
  porthole share list`,
  'token create': `
Examples:
  export TOKEN=$(porthole token create pr-42 --ttl 30d --name e2e)
  curl -H "Porthole-Token: $TOKEN" https://pr-42.preview.example.com/`,
  'password set': `
The password is one line of standard input; on a terminal it is asked for, and not shown.

Examples:
  porthole password set pr-42 --generate
  pass show preview | porthole password set pr-42/web`,
  'target create': `
Examples:
  porthole target create pr-42 --scan
  porthole target create pr-42 /etc/ssh/ssh_host_*_key.pub --os-user dev
  ssh-keyscan 192.0.2.7 | porthole target create pr-42 -`,
  'grant add': `
Examples:
  porthole grant add ben --env 'pr-*' --service ssh --expires 8h`,
  'gate create': `
Examples:
  porthole gate create contractors
  porthole gate add-key contractors ben/laptop
  porthole gate add-target contractors pr-42`,
  'target cert': `
ssh shows it when it lies beside the key, or is named by CertificateFile. In a configuration of ssh:
  Match host pr-42 exec "porthole target cert pr-42 --os-user dev --out ~/.ssh/pr-42-cert.pub --if-needed"
    CertificateFile ~/.ssh/pr-42-cert.pub

Examples:
  porthole target cert pr-42 --os-user dev --out ~/.ssh/id_ed25519-cert.pub`,
  cert: `
Examples:
  porthole cert --ttl 8h --out ~/.ssh/id_ed25519-cert.pub`,
};

/** What answers with a certificate, which may be written to a file. */
const certificates: readonly string[] = ['cert', 'target cert'];

type Given = Readonly<Record<string, unknown>>;
type End = (outcome: Outcome) => void;

/** The commands that manage the gateway, such as `key`, `env` and `share`: made from the table that the gateway reads too. */
export function adminCommands(around: Surroundings, end: End): readonly Command[] {
  const made = new Map<string, Command>();
  for (const spec of commands as readonly CommandSpec[]) {
    if (spec.ownInClient === true) continue;
    const path = spec.name.split(' ');
    const command = commandOf(spec, path.at(-1) ?? '', { around, end });
    if (path.length === 1) made.set(spec.name, command);
    else groupNamed(path.slice(0, -1), made).addCommand(command);
  }
  return [...made].filter(([name]) => !name.includes(' ')).map(([, command]) => command);
}

/** The command that others stand below: `share`, `target profile`; made with those above it, if it is not there. */
function groupNamed(path: readonly string[], made: Map<string, Command>): Command {
  const name = path.join(' ');
  const there = made.get(name);
  if (there !== undefined) return there;
  const about = groups[name] ?? name;
  const group = new Command(path.at(-1)).summary(groups[name] ?? '').description(`Manages ${about}.`);
  made.set(name, group);
  if (path.length > 1) groupNamed(path.slice(0, -1), made).addCommand(group);
  return group;
}

function commandOf(
  spec: CommandSpec,
  name: string,
  { around, end }: { around: Surroundings; end: End },
): Command {
  const command = new Command(name).summary(spec.summary).description(sentence(spec.summary));
  command.enablePositionalOptions();
  for (const argument of spec.arguments)
    if (argument.kind !== 'secret') command.argument(argumentWord(argument, canScan(spec)), argument.about);
  for (const option of spec.options) command.addOption(optionOf(option));
  command.option('--json', 'the answer as one line of JSON');
  if (certificates.includes(spec.name))
    command.option('--out <file>', 'write it there: ~/.ssh/id_ed25519-cert.pub');
  if (spec.name === 'target cert')
    command.option('--if-needed', 'only when that in the file is missing, or good for less than a minute');
  if (canScan(spec)) command.option('--scan', 'look at the host keys through the gate, instead of FILE');
  if (spec.local !== true) addGatewayFlags(command);
  command.addHelpText('after', examples[spec.name] ?? '');
  return command.action(async () => {
    const flags = command.opts<AdminFlags>();
    // What the environment or a file says about a flag of the same name is about other commands.
    const given = Object.fromEntries(
      spec.options
        .filter((option) => command.getOptionValueSource(attributeOf(option)) === 'cli')
        .map((option) => [option.name, command.getOptionValue(attributeOf(option)) as unknown]),
    );
    end(await run({ spec, words: command.args, given, flags }, around));
  });
}

interface AdminFlags extends GatewayFlags {
  readonly json?: boolean;
  readonly out?: string;
  readonly ifNeeded?: boolean;
  readonly scan?: boolean;
}

interface AdminCall {
  readonly spec: CommandSpec;
  /** In the order of the arguments. */
  readonly words: readonly string[];
  /** Options by their names. */
  readonly given: Given;
  readonly flags: AdminFlags;
}

async function run(call: AdminCall, around: Surroundings): Promise<Outcome> {
  const { spec, words, flags } = call;
  const json = flags.json === true;
  if (json && flags.out !== undefined)
    return { kind: 'usage', reason: '--out takes the certificate itself: leave --json out' };
  if (flags.ifNeeded === true && flags.out === undefined)
    return { kind: 'usage', reason: '--if-needed is about the certificate in a file: name it with --out' };
  if (flags.ifNeeded === true && isFresh(flags.out ?? '', Date.now())) return ok;
  if (spec.local === true) return keyCheck(words[0] ?? '-', { json }, around);
  const scans = flags.scan === true;
  if (canScan(spec) && scans === words.length > 1)
    return {
      kind: 'usage',
      reason: 'the host keys: give FILE, - for standard input, or --scan, and only one of these',
    };
  const stdin = await inputOf(call, around);
  if (!stdin.ok) return { kind: 'failed', reason: stdin.problem };
  const access = await gatewayAccess(flags, around.userName, around);
  if (!access.ok) return access.outcome;
  const command = { name: spec.name, line: lineOf(call), stdin: stdin.line };
  const login = await loginOf(call, access.value);
  const reply = scans
    ? await runWithScannedKeys(login, command, words[0] ?? '')
    : await runGatewayCommand(login, command);
  return tell(reply, flags.out, around);
}

/** The one command whose host keys the client can look at itself. */
function canScan({ name }: CommandSpec): boolean {
  return name === 'target create';
}

/** A certificate may do less than its key, and is for dialling in: it manages only where it was named, or where the key itself is not known. */
function loginOf({ spec, flags }: AdminCall, access: GatewayAccess): Promise<GatewayAccess> {
  if (spec.name === 'cert') return Promise.resolve(withoutCertificates(access));
  return flags.certificate === undefined ? keysFirst(access) : Promise.resolve(access);
}

/** What the command reads: public keys in their one canonical form, or a secret; undefined where it reads nothing. */
async function inputOf({ spec, words, given, flags }: AdminCall, around: Surroundings): Promise<Input> {
  if (flags.scan === true) return nothing;
  if (spec.arguments.some(({ kind }) => kind === 'secret'))
    return given['generate'] === true ? nothing : readSecret(around);
  const at = spec.arguments.findIndex(({ kind }) => kind !== 'text');
  if (at === -1) return nothing;
  if (spec.arguments[at]?.kind === 'host-keys') {
    const keys = await readHostKeys(words.slice(at), around);
    return keys.ok ? { ok: true, line: `${keys.value.join('\n')}\n` } : keys;
  }
  const read = await readKeyArgument(words[at] ?? '-', around);
  return read.ok ? { ok: true, line: `${read.key.line}\n` } : read;
}

type Input =
  { readonly ok: true; readonly line: string | undefined } | { readonly ok: false; readonly problem: string };
const nothing: Input = { ok: true, line: undefined };

async function tell(
  { lines, notes, outcome }: GatewayReply,
  out: string | undefined,
  around: Surroundings,
): Promise<Outcome> {
  for (const note of notes) around.err(note);
  if (out !== undefined && outcome.kind === 'ok') {
    const written = writeCertificate(out, lines.join('\n'));
    if (!written.ok) return { kind: 'failed', reason: written.problem };
    around.err(`written to ${out}`);
    return ok;
  }
  if (lines.length > 0) await around.print(`${lines.join('\n')}\n`);
  return outcome;
}

/** The words for the gateway, of which no value can be taken for an option. */
function lineOf({ spec, words, given, flags }: AdminCall): string {
  const options = Object.entries(given).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) =>
      // What begins with `no-` is false when it was given.
      typeof each === 'boolean' ? `--${name}` : `--${name}=${String(each)}`,
    ),
  );
  const json = flags.json === true ? ['--json'] : [];
  const texts = words.filter((_, at) => spec.arguments[at]?.kind === 'text');
  const rest = texts.length > 0 ? ['--', ...texts] : [];
  return [...spec.name.split(' '), ...options, ...json, ...rest].map(quoteWord).join(' ');
}

function argumentWord({ name, kind, optional, many }: CommandArgument, scannable: boolean): string {
  const word = `${kind === 'text' ? name : `${name}|-`}${many === true ? '...' : ''}`;
  return optional === true || (scannable && kind === 'host-keys') ? `[${word}]` : `<${word}>`;
}

function optionOf({ name, placeholder, many, about }: CommandOption): Option {
  if (placeholder === undefined) return new Option(`--${name}`, about);
  const option = new Option(
    `--${name} <${placeholder.toLowerCase()}>`,
    many === true ? `${about}; may be repeated` : about,
  );
  return many === true
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option;
}

function attributeOf({ name }: CommandOption): string {
  return new Option(`--${name}`).attributeName();
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
