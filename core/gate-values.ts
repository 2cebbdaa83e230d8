import { z } from 'zod';
import { flag, moment, patterns, read, span, text, wholeNumber } from './command-fields.ts';
import { isName, isServiceName, parsePort } from './names.ts';
import { parseOsUser } from './os-user.ts';
import { problem } from './parsed.ts';
import { quote } from './quote.ts';
import { lowerCaseAscii } from './slug.ts';

const target = text(64);
const key = text(256);
const id = text(64);
const gate = text(64);
const profile = text(64);

/** Host keys are read from standard input, wherever the command is given. */
const file = z.array(z.string()).optional();

/** The name of a machine or a gate: spelt like that of an environment, so that it can stand in a host name. */
const hostName = read((given) => {
  const name = lowerCaseAscii(given);
  return name.length <= 63 && isName(name)
    ? { ok: true, value: name }
    : problem(`${quote(given)} is no such name: it has a-z and 0-9 with single hyphens between them`);
});
const uuid = read((given) => {
  const id = lowerCaseAscii(given);
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id)
    ? { ok: true, value: id }
    : problem(`${quote(given)} is no UUID: 8-4-4-4-12 hexadecimal digits`);
});
const osUser = read(parseOsUser);
const identityFile = text(1024).regex(
  /^[^"]*$/,
  'has a quote in it, which a configuration of ssh cannot hold',
);
const profileName = text(64).regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  'may have letters, digits and ._- and begins with a letter or digit',
);
const service = read((given) => {
  const name = lowerCaseAscii(given);
  return isServiceName(name)
    ? { ok: true, value: name }
    : problem(`${quote(given)} is no name of a service, such as ssh, db or default`);
});
const services = z.array(service).max(32, 'is given too often: at most 32 services').optional();
const osUsers = z.array(osUser).max(32, 'is given too often: at most 32 users').optional();
const host = text(253).regex(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/,
  'is no host name and no address; a port has its own --port',
);
const port = read((given) => {
  const value = parsePort(given);
  return value === undefined ? problem(`${quote(given)} is no port: 1 to 65535`) : { ok: true, value };
});
const anyOrListed = z.enum(['any', 'listed'], 'takes any or listed').optional();
/** `-` takes away what is there. */
function clearable<T>(schema: z.ZodType<T, string>): z.ZodOptional<z.ZodType<T | '-', string>> {
  return z
    .string()
    .transform((given, context): T | '-' => {
      if (given === '-') return '-';
      const read = schema.safeParse(given);
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: read.error.issues[0]?.message ?? 'is not valid' });
      return z.NEVER;
    })
    .optional();
}

/** What the commands take that are about machines, gates, grants and who is in. */
export const gateSchemas = {
  'target list': z.strictObject({ all: flag }),
  'target show': z.strictObject({ target }),
  'target create': z.strictObject({
    env: text(255),
    file,
    id: uuid.optional(),
    name: hostName.optional(),
    'os-user': osUser.optional(),
  }),
  'target report': z.strictObject({
    file,
    id: uuid.optional(),
    name: hostName.optional(),
    'os-user': osUser.optional(),
    certificates: flag,
    'certificate-user': osUsers,
    'longest-certificate': span.optional(),
  }),
  'target rename': z.strictObject({ target, name: hostName }),
  'target set': z.strictObject({
    target,
    'os-user': clearable(osUser),
    reach: z.enum(['members', 'grants', 'owner'], 'takes members, grants or owner').optional(),
    service: services,
    'all-services': flag,
    certificates: z.enum(['yes', 'no'], 'takes yes or no').optional(),
  }),
  'target trust': z.strictObject({ target }),
  'target rm': z.strictObject({ target }),
  'target cert': z.strictObject({ target, 'os-user': osUser.optional(), ttl: span.optional() }),
  'target profile create': z.strictObject({
    name: profileName,
    target,
    'os-user': osUser.optional(),
    'identity-file': identityFile.optional(),
  }),
  'target profile list': z.strictObject({}),
  'target profile show': z.strictObject({ profile }),
  'target profile set': z.strictObject({
    profile,
    name: profileName.optional(),
    target: target.optional(),
    'os-user': clearable(osUser),
    'identity-file': clearable(identityFile),
  }),
  'target profile rm': z.strictObject({ profile }),
  'gate list': z.strictObject({}),
  'gate show': z.strictObject({ gate }),
  'gate create': z.strictObject({
    name: hostName,
    host: host.optional(),
    port: port.optional(),
    'any-key': flag,
    'any-target': flag,
  }),
  'gate set': z.strictObject({
    gate,
    name: hostName.optional(),
    host: clearable(host),
    port: clearable(port),
    keys: anyOrListed,
    targets: anyOrListed,
  }),
  'gate rm': z.strictObject({ gate }),
  'gate keys': z.strictObject({ gate }),
  'gate add-key': z.strictObject({ gate, key }),
  'gate rm-key': z.strictObject({ gate, key }),
  'gate targets': z.strictObject({ gate }),
  'gate add-target': z.strictObject({ gate, target }),
  'gate rm-target': z.strictObject({ gate, target }),
  'gate ca': z.strictObject({}),
  'grant add': z.strictObject({
    principal: text(256),
    env: patterns,
    service: services,
    'os-user': osUsers,
    expires: moment.optional(),
  }),
  'grant list': z.strictObject({ principal: text(256).optional(), all: flag }),
  'grant rm': z.strictObject({ id }),
  sessions: z.strictObject({
    ended: flag,
    principal: text(256).optional(),
    limit: wholeNumber(1, 1000).default(100),
  }),
  kill: z.strictObject({ id, reason: text(200).optional() }),
  'ssh-config': z.strictObject({
    target: target.optional(),
    all: flag,
    profile: profile.optional(),
    gate: gate.optional(),
    'identity-file': identityFile.optional(),
    tls: flag,
  }),
  'api-token': z.strictObject({ ttl: span.optional() }),
} as const;
