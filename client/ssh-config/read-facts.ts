import { problem, type Parsed } from '../../core/parsed.ts';
import type {
  SshConfigEnvironment,
  SshConfigFacts,
  SshConfigGate,
  SshConfigProfile,
  SshConfigTarget,
} from '../../core/ssh-config-facts.ts';

type Entry = Readonly<Record<string, unknown>>;

/** Reads what the gateway answers to `ssh-config --json`. What its values are is looked at where they are written; unknown members are left for later clients. */
export function readSshConfigFacts(text: string): Parsed<SshConfigFacts> {
  const answer = objectOf(parseJson(text));
  const gate = readGate(objectOf(answer?.['gate']));
  const targets = listOf(answer?.['targets'], readTarget);
  const profiles = listOf(answer?.['profiles'] ?? [], readProfile);
  const environments = listOf(answer?.['environments'] ?? [], readEnvironment);
  if (!gate || !targets || !profiles || !environments)
    return problem(
      "the gateway's answer to ssh-config is not understood: is it older or newer than this client?",
    );
  const profile = stringOf(answer?.['profile']);
  return {
    ok: true,
    value: { gate, targets, profiles, environments, ...(profile !== undefined && { profile }) },
  };
}

function readGate(entry: Entry | undefined): SshConfigGate | undefined {
  const name = stringOf(entry?.['name']);
  const host = stringOf(entry?.['host']);
  const port = numberOf(entry?.['port']);
  const hostKeys = stringsOf(entry?.['hostKeys']);
  if (name === undefined || host === undefined || port === undefined || hostKeys === undefined)
    return undefined;
  return { name, host, port, ownAddress: entry?.['ownAddress'] === true, hostKeys };
}

function readTarget(entry: Entry): SshConfigTarget | undefined {
  const [id, name, env] = [stringOf(entry['id']), stringOf(entry['name']), stringOf(entry['env'])];
  const aliases = stringsOf(entry['aliases']);
  const hostKeys = stringsOf(entry['hostKeys']);
  const osUser = stringOf(entry['osUser']);
  if (id === undefined || name === undefined || env === undefined) return undefined;
  if (aliases === undefined || hostKeys === undefined) return undefined;
  return {
    ...{ id, name, aliases, env, hostKeys },
    ...(osUser !== undefined && { osUser }),
    unconfirmed: entry['unconfirmed'] === true,
    takesCertificates: entry['takesCertificates'] === true,
    osUsers: stringsOf(entry['osUsers']) ?? [],
  };
}

function readProfile(entry: Entry): SshConfigProfile | undefined {
  const [name, target] = [stringOf(entry['name']), stringOf(entry['target'])];
  const [osUser, identityFile] = [stringOf(entry['osUser']), stringOf(entry['identityFile'])];
  if (name === undefined || target === undefined) return undefined;
  return {
    ...{ name, target },
    ...(osUser !== undefined && { osUser }),
    ...(identityFile !== undefined && { identityFile }),
  };
}

function readEnvironment(entry: Entry): SshConfigEnvironment | undefined {
  const env = stringOf(entry['env']);
  const services = listOf(entry['services'], (each) => {
    const [service, port] = [stringOf(each['service']), numberOf(each['port'])];
    return { ...(service !== undefined && { service }), ...(port !== undefined && { port }) };
  });
  return env === undefined || services === undefined ? undefined : { env, services };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Entry | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : undefined;
}

/** Undefined when one of them is not read. */
function listOf<T>(value: unknown, read: (entry: Entry) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.map((each) => {
    const entry = objectOf(each);
    return entry === undefined ? undefined : read(entry);
  });
  return entries.includes(undefined) ? undefined : (entries as T[]);
}

function stringsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
