import type { CommandArgument, CommandOption, CommandSpec } from './command-spec.ts';

export const target: CommandArgument = {
  name: 'target',
  kind: 'text',
  about: "a machine: its name, its UUID, or the UUID's beginning",
};
export const newName: CommandArgument = { name: 'name', kind: 'text', about: 'the new name' };
const hostKeys: CommandArgument = {
  name: 'file',
  kind: 'host-keys',
  many: true,
  about:
    "the SSH server's public host keys: .pub files, known_hosts lines, what ssh-keyscan prints; - is standard input",
};
const profile: CommandArgument = { name: 'profile', kind: 'text', about: 'the name of a profile of yours' };
export const name: CommandOption = { name: 'name', placeholder: 'NAME', about: 'what to call it' };
const uuid: CommandOption = {
  name: 'id',
  placeholder: 'UUID',
  about: 'who the machine is; one is made if none is given',
};
const osUser: CommandOption = {
  name: 'os-user',
  placeholder: 'USER',
  about: 'whom people log in as there, if they say nothing else',
};
const clearableOsUser: CommandOption = { ...osUser, about: `${osUser.about}; - takes it away` };
const identityFile: CommandOption = {
  name: 'identity-file',
  placeholder: 'PATH',
  about: 'the path of your key, on your own machine; nothing of it is read',
};
export const service: CommandOption = {
  name: 'service',
  placeholder: 'SERVICE',
  many: true,
  about: 'only this service',
};
export const ttl: CommandOption = {
  name: 'ttl',
  placeholder: 'TIME',
  about: 'how long it is good: 5m; m is minutes',
};

const notForMachines =
  "whoever stole a machine's key could else say who the machine is: ask with the key of a person (role member or admin)";

/** The commands about machines that people reach by SSH, and how somebody reaches them. */
export const targetCommands = [
  {
    name: 'target list',
    summary: 'the machines that you own or may reach',
    who: 'anyone',
    reads: true,
    arguments: [],
    options: [{ name: 'all', about: 'every one that there is; for administrators' }],
  },
  {
    name: 'target show',
    summary: 'all that is known of a machine',
    who: 'anyone',
    reads: true,
    arguments: [target],
    options: [],
  },
  {
    name: 'target create',
    summary: 'add a machine that does not report itself',
    who: 'member',
    instead: notForMachines,
    arguments: [{ name: 'env', kind: 'text', about: 'the environment whose tunnel leads to it' }, hostKeys],
    options: [uuid, { ...name, about: 'what to call it; the name of the environment if not given' }, osUser],
  },
  {
    name: 'target report',
    summary: 'what a machine says of itself, over its own connection',
    who: 'anyone',
    arguments: [hostKeys],
    options: [
      uuid,
      { ...name, about: 'what to call it; the name of the environment if not given' },
      osUser,
      { name: 'certificates', about: "its SSH server takes the gateway's certificates" },
      {
        name: 'certificate-user',
        placeholder: 'USER',
        many: true,
        about: 'only this OS user may be logged in as with such a certificate',
      },
      {
        name: 'longest-certificate',
        placeholder: 'TIME',
        about: 'the longest life of a certificate that it takes',
      },
    ],
  },
  {
    name: 'target rename',
    summary: 'give a machine another name',
    who: 'member',
    instead: notForMachines,
    arguments: [target, newName],
    options: [],
  },
  {
    name: 'target set',
    summary: 'say who may reach a machine, and as whom',
    who: 'member',
    instead: notForMachines,
    arguments: [target],
    options: [
      clearableOsUser,
      {
        name: 'reach',
        placeholder: 'WHO',
        about: 'members (by the patterns of their keys), grants (only whom a grant names), or owner',
      },
      { ...service, about: 'the only service that the gate opens there' },
      { name: 'all-services', about: 'open all of its services again' },
      {
        name: 'certificates',
        placeholder: 'YES|NO',
        about: "whether its SSH server takes the gateway's certificates",
      },
    ],
  },
  {
    name: 'target trust',
    summary: 'confirm the host keys that a machine shows now',
    who: 'member',
    instead: notForMachines,
    arguments: [target],
    options: [],
  },
  {
    name: 'target rm',
    summary: 'forget a machine, with its profiles',
    who: 'member',
    instead: notForMachines,
    arguments: [target],
    options: [],
  },
  {
    name: 'target cert',
    summary: 'a certificate of minutes for one machine, for the key that you log in with',
    who: 'member',
    instead: "a machine's key does not pass the gate: ask with the key of a person",
    arguments: [target],
    options: [{ ...osUser, about: 'whom it lets you log in as there' }, ttl],
  },
  {
    name: 'target profile create',
    summary: 'keep how you reach a machine: as whom, and with which key',
    who: 'member',
    arguments: [{ ...newName, about: 'what to call it' }, target],
    options: [{ ...osUser, about: 'whom you log in as' }, identityFile],
  },
  {
    name: 'target profile list',
    summary: 'your profiles',
    who: 'member',
    reads: true,
    arguments: [],
    options: [],
  },
  {
    name: 'target profile show',
    summary: 'all of a profile',
    who: 'member',
    reads: true,
    arguments: [profile],
    options: [],
  },
  {
    name: 'target profile set',
    summary: 'change a profile',
    who: 'member',
    arguments: [profile],
    options: [
      { ...name, about: 'call it so from now on' },
      { name: 'target', placeholder: 'TARGET', about: 'it leads there from now on' },
      { ...clearableOsUser, about: 'whom you log in as; - takes it away' },
      { ...identityFile, about: `${identityFile.about}; - takes it away` },
    ],
  },
  {
    name: 'target profile rm',
    summary: 'forget a profile',
    who: 'member',
    arguments: [profile],
    options: [],
  },
] as const satisfies readonly CommandSpec[];
