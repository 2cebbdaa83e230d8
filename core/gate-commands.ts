import { id, key } from './command-arguments.ts';
import type { CommandArgument, CommandOption, CommandSpec } from './command-spec.ts';
import { name, newName, service, target, targetCommands, ttl } from './target-commands.ts';

const someTarget: CommandArgument = { ...target, optional: true, about: `only this one: ${target.about}` };
const gate: CommandArgument = { name: 'gate', kind: 'text', about: 'the name of a gate, or its id' };
const host: CommandOption = {
  name: 'host',
  placeholder: 'HOST',
  about: "where people connect to, if not to the gateway's own address",
};
const port: CommandOption = { name: 'port', placeholder: 'PORT', number: true, about: 'the port there' };

/** The commands about machines that people reach by SSH: who they are, by which gates, who may, and who is in. */
export const gateCommands = [
  ...targetCommands,
  {
    name: 'gate list',
    summary: 'the entry points by which people reach machines',
    who: 'member',
    reads: true,
    arguments: [],
    options: [],
  },
  {
    name: 'gate show',
    summary: 'all that is known of a gate',
    who: 'member',
    reads: true,
    arguments: [gate],
    options: [],
  },
  {
    name: 'gate create',
    summary: 'make a gate: people come in by its name as their SSH user name',
    who: 'admin',
    arguments: [{ ...newName, about: 'what to call it' }],
    options: [
      host,
      port,
      { name: 'any-key', about: 'every key of a member may use it; else those that are added' },
      { name: 'any-target', about: 'it reaches every machine; else those that are added' },
    ],
  },
  {
    name: 'gate set',
    summary: 'change a gate',
    who: 'admin',
    arguments: [gate],
    options: [
      { ...name, about: 'call it so from now on' },
      { ...host, about: `${host.about}; - takes it away` },
      { ...port, about: `${port.about}; - takes it away` },
      { name: 'keys', placeholder: 'any|listed', about: 'which keys may use it; the list is empty at first' },
      {
        name: 'targets',
        placeholder: 'any|listed',
        about: 'which machines it reaches; the list is empty at first',
      },
    ],
  },
  {
    name: 'gate rm',
    summary: 'remove a gate: its name means the default one from then on',
    who: 'admin',
    arguments: [gate],
    options: [],
  },
  {
    name: 'gate keys',
    summary: 'the keys that may use a gate',
    who: 'admin',
    reads: true,
    arguments: [gate],
    options: [],
  },
  {
    name: 'gate add-key',
    summary: 'let a key use a gate',
    who: 'admin',
    arguments: [gate, key],
    options: [],
  },
  {
    name: 'gate rm-key',
    summary: 'let a key use a gate no longer',
    who: 'admin',
    arguments: [gate, key],
    options: [],
  },
  {
    name: 'gate targets',
    summary: 'the machines that a gate reaches',
    who: 'admin',
    reads: true,
    arguments: [gate],
    options: [],
  },
  {
    name: 'gate add-target',
    summary: 'let a gate reach a machine',
    who: 'admin',
    arguments: [gate, target],
    options: [],
  },
  {
    name: 'gate rm-target',
    summary: 'let a gate reach a machine no longer',
    who: 'admin',
    arguments: [gate, target],
    options: [],
  },
  {
    name: 'gate ca',
    summary: 'the public key that signs the certificates for machines',
    who: 'anyone',
    reads: true,
    arguments: [],
    options: [],
  },
  {
    name: 'grant add',
    summary: 'let somebody reach machines that their keys alone would not',
    who: 'member',
    instead: "a machine's key lets nobody in: ask with the key of a person",
    arguments: [{ name: 'principal', kind: 'text', about: 'whom' }],
    options: [
      {
        name: 'env',
        placeholder: 'PATTERN',
        many: true,
        about: 'the environments: * is any run of characters, ? is one',
      },
      { ...service, about: 'only this service, such as ssh or db' },
      {
        name: 'os-user',
        placeholder: 'USER',
        many: true,
        about: 'certificates only for this OS user',
      },
      {
        name: 'expires',
        placeholder: 'WHEN',
        about: 'after a time (30d, 12h; m is minutes), at a date (2027-01-31, UTC), or never',
      },
    ],
  },
  {
    name: 'grant list',
    summary: 'who was let in where, and until when',
    who: 'member',
    reads: true,
    arguments: [{ name: 'principal', kind: 'text', optional: true, about: 'only what this one was given' }],
    options: [{ name: 'all', about: 'those that have expired, too' }],
  },
  {
    name: 'grant rm',
    summary: 'take a grant back; what it let in ends',
    who: 'member',
    arguments: [id],
    options: [],
  },
  {
    name: 'sessions',
    summary: 'who is in which machine through the gate',
    who: 'member',
    reads: true,
    arguments: [],
    options: [
      { name: 'ended', about: 'those that are over, instead' },
      { name: 'principal', placeholder: 'NAME', about: 'only those of this one' },
      {
        name: 'limit',
        placeholder: 'N',
        number: true,
        about: 'at most so many, the newest; 100 if not given',
      },
    ],
  },
  {
    name: 'kill',
    summary: 'end what somebody has open through the gate',
    who: 'member',
    arguments: [id],
    options: [{ name: 'reason', placeholder: 'TEXT', about: 'told to whoever is in' }],
  },
  {
    name: 'ssh-config',
    summary: 'a file with which ssh -F reaches machines by their names',
    who: 'member',
    reads: true,
    instead: "a machine's key does not pass the gate: ask with the key of a person",
    arguments: [someTarget],
    options: [
      { name: 'all', about: 'every machine that you may reach' },
      { name: 'profile', placeholder: 'PROFILE', about: 'as this profile of yours says' },
      { name: 'gate', placeholder: 'GATE', about: 'by this gate' },
      {
        name: 'identity-file',
        placeholder: 'PATH',
        about:
          'your private key, for the gate and for machines that no profile names another for: a path on your machine',
      },
      { name: 'tls', about: 'SSH inside TLS, where nothing but that gets through on port 443' },
    ],
    ownInClient: true,
  },
  {
    name: 'api-token',
    summary: "a token for the gateway's HTTP API, which speaks for the key that you log in with",
    who: 'member',
    arguments: [],
    options: [ttl],
  },
] as const satisfies readonly CommandSpec[];
