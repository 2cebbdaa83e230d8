import { id } from './command-arguments.ts';
import type { CommandArgument, CommandOption, CommandSpec } from './command-spec.ts';

const place: CommandArgument = {
  name: 'env',
  kind: 'text',
  about: 'the name of an environment, or ENV/SERVICE for one service of it',
};
const someEnv: CommandArgument = {
  name: 'env',
  kind: 'text',
  optional: true,
  about: 'only those of this environment',
};

const ttl: CommandOption = {
  name: 'ttl',
  placeholder: 'TIME',
  about: 'how long it opens: 12h, 7d; m is minutes; at most 365d',
};
const label: CommandOption = {
  name: 'name',
  placeholder: 'NAME',
  about: 'what to call it in lists: whom or what it is for',
};
const over: CommandOption = { name: 'all', about: 'those that are over, too' };

/** The commands by which others get to see a preview, and people log in to visit. */
export const visitCommands = [
  {
    name: 'share',
    summary: 'make a link that opens a private environment, or one service of it',
    who: 'anyone',
    arguments: [place],
    options: [
      ttl,
      {
        name: 'email',
        placeholder: 'ADDRESS',
        many: true,
        about: 'only for whoever logs in with this address',
      },
      {
        name: 'max-uses',
        placeholder: 'N',
        number: true,
        about: 'only for the first N browsers that open it',
      },
      label,
    ],
  },
  {
    name: 'share list',
    summary: 'the links to your environments, and who used them when',
    who: 'anyone',
    reads: true,
    arguments: [someEnv],
    options: [over],
  },
  {
    name: 'share revoke',
    summary: 'end a link, and what was opened with it',
    who: 'anyone',
    arguments: [id],
    options: [],
  },
  {
    name: 'token create',
    summary: 'make a token by which programs reach a private environment, or one service of it',
    who: 'anyone',
    arguments: [place],
    options: [ttl, label],
  },
  {
    name: 'token list',
    summary: 'the tokens of your environments, without the secret in them',
    who: 'anyone',
    reads: true,
    arguments: [someEnv],
    options: [over],
  },
  {
    name: 'token revoke',
    summary: 'end a token, and what was opened with it',
    who: 'anyone',
    arguments: [id],
    options: [],
  },
  {
    name: 'password set',
    summary: 'let in whoever knows a password; it takes the place of the former one',
    who: 'anyone',
    arguments: [
      place,
      {
        name: 'password',
        kind: 'secret',
        about: 'the password: one line of standard input, 8 to 256 characters',
      },
    ],
    options: [{ name: 'generate', about: 'make one, and print it once' }],
  },
  {
    name: 'password rm',
    summary: 'take a password away, and what was opened with it',
    who: 'anyone',
    arguments: [place],
    options: [],
  },
  {
    name: 'password list',
    summary: 'the environments that have a password',
    who: 'anyone',
    reads: true,
    arguments: [],
    options: [],
  },
  {
    name: 'login',
    summary: 'a link that logs one browser in as you, once',
    who: 'member',
    instead:
      'a machine visits its own environments with a token: porthole token create ENV, and lets others in with porthole share ENV',
    arguments: [],
    options: [],
    ownInClient: true,
  },
  {
    name: 'session list',
    summary: 'the browsers that are logged in',
    who: 'member',
    reads: true,
    arguments: [],
    options: [
      { name: 'all', about: 'those that are over, too' },
      { name: 'principal', placeholder: 'NAME', about: 'only those of this account' },
    ],
  },
  {
    name: 'session end',
    summary: 'log browsers out; what they have open ends',
    who: 'member',
    arguments: [{ ...id, optional: true }],
    options: [
      { name: 'all', about: 'all of your own' },
      { name: 'account', placeholder: 'NAME', about: 'all of this account' },
    ],
  },
] as const satisfies readonly CommandSpec[];
