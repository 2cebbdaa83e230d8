import { z } from 'zod';
import { httpUrl, oneLine } from './printable.ts';

/** Text of the gateway, fit for a terminal. */
const text = z.string().transform(oneLine);
const time = z.iso.datetime().transform((iso) => Date.parse(iso));
const url = z.string().transform((given, context) => {
  const safe = httpUrl(given);
  if (safe !== undefined) return safe;
  context.addIssue({ code: 'custom', message: 'no URL' });
  return z.NEVER;
});

const service = z.object({
  service: text.nullish(),
  port: z.number().int().nullish(),
  url,
  access: text,
  from: text.optional(),
  state: text,
  since: time.optional(),
  reason: text.optional(),
  shareUrl: url.optional(),
});

const tunnel = z.object({
  id: text,
  remote: text,
  since: time,
  roundTripMs: z.number().nullish(),
  draining: z.boolean().default(false),
  forwards: z.number().int().default(0),
});

const environment = z.object({
  env: text,
  state: text,
  since: time,
  lastSeen: time,
  services: z.array(service),
  tunnels: z.array(tunnel).default([]),
});

const status = z.object({
  env: text,
  environments: z.array(environment),
  moreEnvironments: z.number().int().default(0),
});

/** An environment as the gateway tells it. Times are milliseconds since the epoch. */
export type EnvironmentAnswer = z.output<typeof environment>;
export type ServiceAnswer = z.output<typeof service>;
export type StatusAnswer = z.output<typeof status>;

/** The answer to `status`; undefined when it is something else. Unknown members are left for later clients. */
export function parseEnvironments(json: string): StatusAnswer | undefined {
  return read(status, json);
}

/** The answer to `status ENV`. */
export function parseEnvironment(json: string): EnvironmentAnswer | undefined {
  return read(environment, json);
}

function read<T>(schema: z.ZodType<T>, json: string): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(json));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
