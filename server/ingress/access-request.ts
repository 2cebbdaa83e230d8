import type { AccessRequest } from '../access/decision.ts';
import { placeOf } from '../access/place-of.ts';
import type { EnvResolution } from '../access/place-of.ts';
import type { Place } from '../access/viewer.ts';
import type { RequestHead } from './request-head.ts';
import { hostnameOf } from './sites.ts';

/** What the doorkeeper is asked about a request, now or again while its answer goes on. */
export function accessRequest(head: RequestHead, address: string, place: Place): AccessRequest {
  const { method, path, cookie, authorization, shareHeader, tokenHeader, context } = head;
  const upgrade = head.upgrade !== undefined;
  return {
    place,
    host: hostnameOf(head.host),
    method,
    path,
    cookie,
    authorization,
    shareHeader,
    tokenHeader,
    context,
    // Whoever asks to switch protocols can follow no redirection.
    navigation: !upgrade && head.navigation,
    upgrade,
    address,
  };
}

/** The place that a request asks for, as the router has it at this moment. */
export function askedPlace({ host }: RequestHead, resolution: EnvResolution): Place {
  return resolution.kind === 'unknown'
    ? placeOf(resolution, hostnameOf(host).split('.', 1)[0])
    : placeOf(resolution);
}
