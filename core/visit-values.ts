import { z } from 'zod';
import { flag, span, text } from './command-fields.ts';

const longestTtlMs = 365 * 86_400_000;
const leastTtlMs = 60_000;

/** An environment and perhaps a service: `pr-42`, `pr-42/web`. */
const env = text(300);
const ttl = span
  .refine((ms) => ms >= leastTtlMs, 'is too short: at least 1m (a minute)')
  .refine((ms) => ms <= longestTtlMs, 'is too long: at most 365d')
  .optional();
const name = text(100).optional();
const id = text(64);

const email = text(254)
  .regex(/^[^\s@,<>"]+@[^\s@,<>"]+$/u, 'is no email address: give each with its own --email')
  .transform((address) => address.toLowerCase());

const maxUses = z
  .string()
  .regex(/^\d{1,6}$/, 'takes a whole number')
  .transform(Number)
  .refine((uses) => uses >= 1 && uses <= 10_000, 'takes a number from 1 to 10000')
  .optional();

const listed = { env: env.optional(), all: flag };

/** What the commands take by which others get to see a preview. */
export const visitSchemas = {
  share: z.strictObject({
    env,
    ttl,
    email: z.array(email).max(32, 'is given too often: at most 32 addresses').optional(),
    'max-uses': maxUses,
    name,
  }),
  'share list': z.strictObject(listed),
  'share revoke': z.strictObject({ id }),
  'token create': z.strictObject({ env, ttl, name }),
  'token list': z.strictObject(listed),
  'token revoke': z.strictObject({ id }),
  /** The password itself is never among the words. */
  'password set': z.strictObject({ env, generate: flag }),
  'password rm': z.strictObject({ env }),
  'password list': z.strictObject({}),
  login: z.strictObject({}),
  'session list': z.strictObject({ all: flag, principal: text(300).optional() }),
  'session end': z.strictObject({ id: id.optional(), all: flag, account: text(300).optional() }),
} as const;
