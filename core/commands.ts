import { key } from './command-arguments.ts';
import type { CommandArgument, CommandOption, CommandSpec } from './command-spec.ts';
import { gateCommands } from './gate-commands.ts';
import { visitCommands } from './visit-commands.ts';

export type { CommandArgument, CommandOption, CommandSpec } from './command-spec.ts';

const file: CommandArgument = {
  name: 'file',
  kind: 'public-key',
  about: 'the public key: a file such as id_ed25519.pub, or - for standard input',
};
const env: CommandArgument = { name: 'env', kind: 'text', about: 'the name of an environment' };
const source: CommandArgument = {
  name: 'source',
  kind: 'text',
  about: 'github:USER, gitlab:USER or the base URL of such a server with the user: https://HOST/USER',
};

const principal: CommandOption = {
  name: 'principal',
  placeholder: 'NAME',
  about: 'whose keys',
};
const role: CommandOption = {
  name: 'role',
  placeholder: 'ROLE',
  about: 'machine (dials in), member (also visits) or admin (also manages)',
};
const envs: CommandOption = {
  name: 'env',
  placeholder: 'PATTERN',
  many: true,
  about: 'names that it may dial in for: * is any run of characters, ? is one',
};
const expires: CommandOption = {
  name: 'expires',
  placeholder: 'WHEN',
  about: 'after a time (30d, 12h; m is minutes), at a date (2027-01-31, UTC), or never',
};

/** Every command that manages the gateway, in the order in which help lists them. All of them take `--json` too. */
export const commands = [
  {
    name: 'key add',
    summary: 'let a key dial in',
    who: 'member',
    arguments: [file],
    options: [
      { name: 'name', placeholder: 'NAME', about: "what to call it; else it is named for the key's comment" },
      { ...principal, about: 'whose key it is; made if there is none of that name' },
      { ...role, about: `${role.about}; machine if not given` },
      envs,
      {
        name: 'widest-access',
        placeholder: 'ACCESS',
        about: 'the most open that what it offers may be: private, team or public',
      },
      expires,
      { name: 'verify-required', about: 'a FIDO key must ask for its PIN or a fingerprint, too' },
      { name: 'no-touch-required', about: 'a FIDO key need not be touched' },
    ],
  },
  {
    name: 'key list',
    summary: 'the keys that may dial in',
    who: 'anyone',
    reads: true,
    arguments: [],
    options: [
      { name: 'all', about: 'those that are revoked or have expired, too' },
      principal,
      { name: 'unused', placeholder: 'TIME', about: 'only those that nobody has used for so long: 90d' },
    ],
  },
  {
    name: 'key show',
    summary: 'all that is known of a key',
    who: 'anyone',
    reads: true,
    arguments: [key],
    options: [],
  },
  {
    name: 'key rename',
    summary: 'give a key another name',
    who: 'member',
    arguments: [key, { name: 'name', kind: 'text', about: 'the new name' }],
    options: [],
  },
  {
    name: 'key prefer',
    summary: "make it the preferred one of its principal's keys",
    who: 'member',
    arguments: [key],
    options: [],
  },
  {
    name: 'key unprefer',
    summary: 'prefer it no longer',
    who: 'member',
    arguments: [key],
    options: [],
  },
  {
    name: 'key expire',
    summary: 'say until when a key may dial in',
    who: 'member',
    arguments: [
      key,
      {
        name: 'when',
        kind: 'text',
        about: 'after a time (30d, 12h; m is minutes), at a date (2027-01-31, UTC), now, or never',
      },
    ],
    options: [],
  },
  {
    name: 'key revoke',
    summary: 'end what a key has open, and never let it in again',
    who: 'member',
    arguments: [key],
    options: [{ name: 'reason', placeholder: 'TEXT', about: 'told to whoever uses the key' }],
  },
  {
    name: 'key rm',
    summary: 'forget a key; what it has open ends',
    who: 'member',
    arguments: [key],
    options: [],
  },
  {
    name: 'key check',
    summary: 'say whether a public key is sound, and add nothing',
    who: 'anyone',
    reads: true,
    arguments: [file],
    options: [],
    local: true,
  },
  {
    name: 'key import',
    summary: 'add the keys of an account at GitHub, GitLab or the like',
    who: 'admin',
    arguments: [source],
    options: [
      { ...principal, about: "whose keys they are; else the account's name" },
      { ...role, about: `${role.about}; machine if not given` },
      envs,
      expires,
      {
        name: 'keep',
        about: 'keep them in step: what the account adds is added, what it removes is removed',
      },
    ],
  },
  {
    name: 'key imports',
    summary: 'the accounts whose keys are kept in step',
    who: 'admin',
    reads: true,
    arguments: [],
    options: [],
  },
  {
    name: 'key import-stop',
    summary: 'keep the keys of an account in step no longer; they stay as they are',
    who: 'admin',
    arguments: [source],
    options: [],
  },
  {
    name: 'env list',
    summary: 'the environment names that are taken, and until when',
    who: 'anyone',
    reads: true,
    arguments: [],
    options: [{ name: 'all', about: 'those that are free again, too' }],
  },
  {
    name: 'env release',
    summary: 'give a name back: whoever dials it next owns it',
    who: 'anyone',
    arguments: [env],
    options: [{ name: 'force', about: 'even while it is online: its tunnels lose it' }],
  },
  {
    name: 'env transfer',
    summary: 'give a name to another principal',
    who: 'member',
    arguments: [env, { name: 'principal', kind: 'text', about: 'who owns it from now on' }],
    options: [],
  },
  {
    name: 'cert',
    summary: 'a short-lived certificate for the key that you log in with',
    who: 'anyone',
    arguments: [],
    options: [
      { name: 'ttl', placeholder: 'TIME', about: 'how long it is good: 8h; m is minutes' },
      envs,
      { ...role, about: 'at most your own; machine if not given' },
    ],
  },
  {
    name: 'audit',
    summary: 'who did what, and when',
    who: 'member',
    reads: true,
    arguments: [],
    options: [
      { name: 'since', placeholder: 'WHEN', about: 'not older than 1h, 7d, or a date (2027-01-31, UTC)' },
      { ...principal, about: 'only what this one did' },
      { name: 'action', placeholder: 'ACTION', about: 'only this: login, key.add, env.release ...' },
      {
        name: 'limit',
        placeholder: 'N',
        number: true,
        about: 'at most so many lines, the newest; 100 if not given',
      },
    ],
  },
  ...visitCommands,
  ...gateCommands,
] as const satisfies readonly CommandSpec[];

export type CommandName = (typeof commands)[number]['name'];

/** The names of all of them. */
export const commandNames: readonly CommandName[] = commands.map(({ name }) => name);

/** The command of that name. */
export function commandNamed(name: CommandName): CommandSpec {
  const spec = commands.find((each) => each.name === name);
  if (spec === undefined) throw new Error(`there is no command ${name}`);
  return spec;
}
