import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline } from '../../core/moment.ts';
import type { NewGrant } from '../access/grant-record.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { revokeGrant } from './grant-ending.ts';
import { give, newGrant } from './grant-making.ts';
import { grantList } from './grant-report.ts';
import { placeName, sharedPlace, type SharedPlace } from './shared-place.ts';
import type { VisitServices } from './visit-services.ts';

/** Links that open a private environment in a browser: made, listed and ended by its owner. */
export function shareHandlers(services: VisitServices): Handlers<'share' | 'share list' | 'share revoke'> {
  return {
    share: (call) => share(call, services),
    'share list': (call) => Promise.resolve(grantList(call, services, 'link')),
    'share revoke': (call) => revokeGrant(call, services, { kind: 'link', action: 'share.revoke' }),
  };
}

async function share(call: Call<CommandValues['share']>, services: VisitServices): Promise<Answer> {
  const { caller, values, now } = call;
  const action = 'share.create';
  const place = sharedPlace(call, services, { place: values.env, action });
  if ('kind' in place) return place;
  const emails = [...new Set(values.email ?? [])];
  // Where each of them counts once, it holds by itself.
  if (values['max-uses'] !== undefined && values['max-uses'] < emails.length)
    return wrongUsage(
      'a link for --email lets each of these people in: --max-uses cannot be less than there are of them',
    );
  if (emails.length > 0 && !services.hasLoginProviders())
    return failed(
      'nobody could use it: a link for --email needs people to log in with that address, and this gateway has no login provider (login-file)',
    );
  const given = {
    name: values.name ?? '',
    expiresAt: now + (values.ttl ?? services.shareTtlMs),
    emails,
    maxUses: values['max-uses'],
  };
  const grant = newGrant('link', place, { by: caller.identity.principal, at: now, given });
  await give(call, services, { grant, action });
  const url = `${services.urls.urlOf(place.route)}?porthole-share=${services.secretOf('link', grant.id)}`;
  return answer(linkJson(grant, url), [url], [...linkNotes(grant, now), ...place.notes]);
}

function linkJson({ id, env, service, name, expiresAt, emails, maxUses }: NewGrant, url: string): object {
  return {
    id,
    url,
    env,
    service: service ?? null,
    name,
    expires: new Date(expiresAt ?? 0).toISOString(),
    emails,
    maxUses: maxUses ?? null,
  };
}

function linkNotes(grant: NewGrant, now: number): string[] {
  const { id, expiresAt = now } = grant;
  return [
    `opens ${opens(grant)} until ${formatDeadline(expiresAt, now)}, for ${readers(grant)}`,
    `end it with: share revoke ${id}`,
  ];
}

/** What of an environment is opened, for people. */
export function opens({ env, service }: Pick<SharedPlace, 'env' | 'service'>): string {
  return service === undefined ? `all of ${env}` : placeName({ env, service });
}

function readers({ emails, maxUses }: NewGrant): string {
  const people = emails.length === 0 ? 'whoever has the link' : `whoever logs in as ${emails.join(' or ')}`;
  if (maxUses === undefined || emails.length > 0) return people;
  return `${people}, in ${maxUses === 1 ? 'one browser' : `${String(maxUses)} browsers`}`;
}
