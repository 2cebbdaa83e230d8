import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline } from '../../core/moment.ts';
import { answer, type Answer, type Call, type Handlers } from './answer.ts';
import { revokeGrant } from './grant-ending.ts';
import { give, newGrant } from './grant-making.ts';
import { grantList } from './grant-report.ts';
import { opens } from './share-commands.ts';
import { sharedPlace } from './shared-place.ts';
import type { VisitServices } from './visit-services.ts';

const usualTtlMs = 90 * 86_400_000;

/** Tokens by which programs reach a private environment: made, listed and ended by its owner. */
export function tokenHandlers(
  services: VisitServices,
): Handlers<'token create' | 'token list' | 'token revoke'> {
  return {
    'token create': (call) => create(call, services),
    'token list': (call) => Promise.resolve(grantList(call, services, 'token')),
    'token revoke': (call) => revokeGrant(call, services, { kind: 'token', action: 'token.revoke' }),
  };
}

async function create(call: Call<CommandValues['token create']>, services: VisitServices): Promise<Answer> {
  const { caller, values, now } = call;
  const action = 'token.create';
  const place = sharedPlace(call, services, { place: values.env, action });
  if ('kind' in place) return place;
  const { ttl = usualTtlMs, name = '' } = values;
  const expiresAt = now + ttl;
  const grant = newGrant('token', place, {
    by: caller.identity.principal,
    at: now,
    given: { name, expiresAt },
  });
  await give(call, services, { grant, action });
  const { id, env, service } = grant;
  const token = services.secretOf('token', id);
  const url = services.urls.urlOf(place.route);
  const expires = new Date(expiresAt).toISOString();
  return answer(
    { id, token, url, env, service: service ?? null, name, expires },
    [token],
    [
      `opens ${opens(grant)} until ${formatDeadline(expiresAt, now)}; it is not shown again. End it with: token revoke ${id}`,
      `  curl -H "Porthole-Token: $TOKEN" ${url}`,
      `  await page.goto('${url}?porthole-token=' + process.env.TOKEN)    // Playwright: once, then the browser has a cookie`,
      ...place.notes,
    ],
  );
}
