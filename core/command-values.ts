import { z } from 'zod';
import type { CommandName } from './commands.ts';
import { flag, moment, patterns, principalName, span, text, wholeNumber } from './command-fields.ts';
import { gateSchemas } from './gate-values.ts';
import { accesses } from './openness.ts';
import { visitSchemas } from './visit-values.ts';

/** The name of a key: fit for a table, a command line, and `principal/name`. */
const keyName = text(64).regex(
  /^[A-Za-z0-9][A-Za-z0-9._@+-]*$/,
  'may have letters, digits and ._@+- and begins with a letter or digit',
);
const role = z.enum(['machine', 'member', 'admin'], 'takes machine, member or admin');
/** `-` at the gateway, which reads standard input. */
const file = z.string().optional();
const key = text(256);
const source = text(512);
const env = text(255);
const admitted = {
  principal: principalName.optional(),
  role: role.optional(),
  env: patterns.optional(),
  expires: moment.optional(),
};

/** What each command takes: arguments and options by their names. */
export const commandSchemas = {
  'key add': z.strictObject({
    file,
    name: keyName.optional(),
    ...admitted,
    'widest-access': z.enum(accesses, 'takes private, team or public').optional(),
    'verify-required': flag,
    'no-touch-required': flag,
  }),
  'key list': z.strictObject({
    all: flag,
    principal: text(256).optional(),
    unused: span.optional(),
  }),
  'key show': z.strictObject({ key }),
  'key rename': z.strictObject({ key, name: keyName }),
  'key prefer': z.strictObject({ key }),
  'key unprefer': z.strictObject({ key }),
  'key expire': z.strictObject({ key, when: moment }),
  'key revoke': z.strictObject({ key, reason: text(200).optional() }),
  'key rm': z.strictObject({ key }),
  'key check': z.strictObject({ file }),
  'key import': z.strictObject({ source, ...admitted, keep: flag }),
  'key imports': z.strictObject({}),
  'key import-stop': z.strictObject({ source }),
  'env list': z.strictObject({ all: flag }),
  'env release': z.strictObject({ env, force: flag }),
  'env transfer': z.strictObject({ env, principal: text(256) }),
  cert: z.strictObject({ ttl: span.optional(), env: patterns.optional(), role: role.optional() }),
  audit: z.strictObject({
    since: moment.optional(),
    principal: text(256).optional(),
    action: text(64).optional(),
    limit: wholeNumber(1, 10_000).default(100),
  }),
  ...visitSchemas,
  ...gateSchemas,
} as const satisfies Readonly<Record<CommandName, z.ZodType>>;

/** The values of each command after its schema has read them. */
export type CommandValues = { readonly [Name in CommandName]: z.output<(typeof commandSchemas)[Name]> };
