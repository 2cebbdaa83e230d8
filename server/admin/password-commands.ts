import { randomBytes } from 'node:crypto';
import { base32 } from '../../core/base32.ts';
import type { CommandValues } from '../../core/command-values.ts';
import type { Parsed } from '../../core/parsed.ts';
import { problem } from '../../core/parsed.ts';
import { privateKeyForm } from '../../core/public-key.ts';
import { passwordProblem } from '../access/passwords.ts';
import type { GrantRecord } from '../access/grant-record.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { endGrant } from './grant-ending.ts';
import { give, newGrant } from './grant-making.ts';
import { grantList } from './grant-report.ts';
import { opens } from './share-commands.ts';
import { placeName, sharedPlace, type SharedPlace } from './shared-place.ts';
import type { VisitServices } from './visit-services.ts';

const leastLength = 8;

/** Passwords of environments: one for each, and for each of its services. */
export function passwordHandlers(
  services: VisitServices,
): Handlers<'password set' | 'password rm' | 'password list'> {
  return {
    'password set': (call) => set(call, services),
    'password rm': (call) => remove(call, services),
    'password list': (call) => Promise.resolve(grantList(call, services, 'password')),
  };
}

async function set(call: Call<CommandValues['password set']>, services: VisitServices): Promise<Answer> {
  const { caller, values, stdin = '' } = call;
  const generated = values.generate === true ? generatePassword() : undefined;
  const password = generated === undefined ? readPassword(stdin) : { ok: true as const, value: generated };
  if (!password.ok) return wrongUsage(password.problem);
  const action = 'password.set';
  const found = sharedPlace(call, services, { place: values.env, action });
  if ('kind' in found) return found;
  const hash = await services.hashPassword(password.value);
  // That takes its time, in which the name may have passed to somebody else.
  const place = sharedPlace(call, services, { place: values.env, action });
  if ('kind' in place) return place;
  const before = passwordOf(services, place);
  const made = { by: caller.identity.principal, at: call.now, given: { hash } };
  const grant = newGrant('password', place, made);
  await give(call, services, { grant, action });
  const { id, env, service } = grant;
  const url = services.urls.urlOf(place.route);
  return answer(
    {
      id,
      env,
      service: service ?? null,
      url,
      replaced: before !== undefined,
      ...(generated !== undefined && { password: generated }),
    },
    generated === undefined ? [`${placeName(place)} has a password now: ${url}`] : [generated],
    [
      `whoever knows it sees ${opens(place)}, until: password rm ${placeName(place)}`,
      ...(generated === undefined ? [] : ['it is not shown again']),
      ...(before === undefined
        ? []
        : ['the former one is good no longer, and what was opened with it ends now']),
      ...place.notes,
    ],
  );
}

async function remove(call: Call<CommandValues['password rm']>, services: VisitServices): Promise<Answer> {
  const action = 'password.rm';
  const place = sharedPlace(call, services, { place: call.values.env, action });
  if ('kind' in place) return place;
  const grant = passwordOf(services, place);
  if (grant === undefined) return failed(`${placeName(place)} has no password`);
  await endGrant(call, services, { grant, action });
  return answer({ id: grant.id, env: place.env, service: place.service ?? null, removed: true }, [
    `${placeName(place)} has no password now: what was opened with it ends`,
  ]);
}

function passwordOf(
  { grants }: VisitServices,
  { env, service, owner }: SharedPlace,
): GrantRecord | undefined {
  return grants
    .ofEnv(env)
    .find(
      (grant) =>
        grant.kind === 'password' &&
        grant.service === service &&
        grant.owner === owner &&
        grant.revokedAt === undefined,
    );
}

/** The first line, as it is. */
function readPassword(input: string): Parsed<string> {
  const form = privateKeyForm(input);
  if (form !== undefined)
    return problem(`this is ${form}; nothing of it was kept. Give a password of its own`);
  const [line = ''] = input.split(/\r?\n|\r/, 1);
  if (line === '') return problem('there is no password on standard input; --generate makes one');
  if ([...line].length < leastLength)
    return problem(`a password has at least ${String(leastLength)} characters`);
  const wrong = passwordProblem(line);
  return wrong === undefined ? { ok: true, value: line } : problem(wrong);
}

/** 100 random bits that can be read out over a telephone: `k5qt-m2ex-...`. */
function generatePassword(): string {
  const text = base32(randomBytes(13)).slice(0, 20);
  return (text.match(/.{5}/g) ?? []).join('-');
}
