import { z } from 'zod';
import { isName, isServiceName } from '../../core/names.ts';
import type { RememberedEnvironment, RememberedService } from '../routing/memory.ts';
import { serviceStates } from '../routing/state.ts';
import { isStorableText } from './node-sqlite-dialect.ts';
import type { EnvironmentsTable } from './tables.ts';

/** Milliseconds since the epoch, as far as a Date reaches. */
const moment = z.int().min(0).max(8.64e15);
const state = z.enum(serviceStates);

const storedService = z.strictObject({
  service: z.string().refine(isServiceName).optional(),
  port: z.int().min(1).max(65_535).optional(),
  access: z.enum(['public', 'private', 'team']),
  from: z.string().max(1000).optional(),
  state,
  since: moment,
});

type StoredService = z.infer<typeof storedService>;

const storedServices = z.array(storedService).max(1000);

const storedEnvironment = z.object({
  name: z.string().refine(isName),
  owner: z.string().min(1),
  state,
  since: moment,
  last_seen_at: moment,
  given_at: moment.nullable().default(null),
  changed_hands_at: moment.nullable().default(null),
  online: z.union([z.literal(0), z.literal(1)]),
  services: z.string(),
});

/** The row of an environment; undefined for one whose owner would not come back as it is. */
export function toRow(environment: RememberedEnvironment, epoch: number): EnvironmentsTable | undefined {
  const { name, owner } = environment;
  if (!isStorableText(owner)) return undefined;
  return {
    name,
    owner,
    state: environment.state,
    since: Math.trunc(environment.sinceMs),
    last_seen_at: Math.trunc(environment.lastSeenAt),
    given_at: environment.givenAt === undefined ? null : Math.trunc(environment.givenAt),
    changed_hands_at:
      environment.changedHandsAt === undefined ? null : Math.trunc(environment.changedHandsAt),
    online: environment.online ? 1 : 0,
    services: JSON.stringify(environment.services.map(toStored)),
    epoch,
  };
}

function toStored({ route, access, from, state, sinceMs }: RememberedService): StoredService {
  return { service: route.service, port: route.port, access, from, state, since: Math.trunc(sinceMs) };
}

export interface ReadRow {
  /** Undefined when not even the name, its owner, its state and its times can be understood. */
  readonly environment: RememberedEnvironment | undefined;
  /** What could not be understood. */
  readonly problem: string | undefined;
}

/**
 * Reads a row that anybody may have edited. Services that make no sense are left out: whose the name is still counts. `aliveAt`: the
 * last sign of life of the gateway that noted it; what was online was online until then. Nothing was seen later than `now`.
 */
export function fromRow(row: unknown, { aliveAt, now }: { aliveAt: number; now: number }): ReadRow {
  const parsed = storedEnvironment.safeParse(row);
  if (!parsed.success) return { environment: undefined, problem: wordsOf(parsed.error) };
  const { name, owner, online, given_at: givenAt, changed_hands_at: changedAt } = parsed.data;
  const services = readServices(name, parsed.data.services, now);
  const lastSeenAt = online === 1 ? Math.max(parsed.data.last_seen_at, aliveAt) : parsed.data.last_seen_at;
  return {
    environment: {
      name,
      owner,
      lastSeenAt: Math.min(lastSeenAt, now),
      ...(givenAt !== null && { givenAt: Math.min(givenAt, now) }),
      ...(changedAt !== null && { changedHandsAt: Math.min(changedAt, now) }),
      state: parsed.data.state,
      sinceMs: Math.min(parsed.data.since, now),
      online: online === 1,
      services: services ?? [],
    },
    problem: services === undefined ? 'services: not what is written there' : undefined,
  };
}

function readServices(env: string, text: string, now: number): RememberedService[] | undefined {
  const parsed = storedServices.safeParse(parseJson(text));
  return parsed.data?.map(({ service, port, access, from, state, since }) => ({
    route: { env, service, port },
    access,
    ...(from !== undefined && { from }),
    state,
    sinceMs: Math.min(since, now),
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}
