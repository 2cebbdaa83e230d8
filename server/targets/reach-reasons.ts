import { quote } from '../../core/quote.ts';
import type { GateRecord } from './target-record.ts';

/** What grants and targets call the service that has no name. */
export const defaultService = 'default';

const maxServicesTold = 8;

/** The same for what is not there and for what one may not know of, to the letter. */
export function unknown(name: string): string {
  return `there is nothing called ${word(name)} that you may reach`;
}

export const machineKey =
  "a machine's key does not pass the gate: log in with the key of a member (porthole key list shows which you have)";

export const expiredKey = 'the key that you logged in with has expired';

export function otherGate({ name, isDefault }: GateRecord, fingerprint: string): string {
  const own = isDefault
    ? 'log in with the name of your own gate, or ask an administrator'
    : 'ask an administrator';
  return `the gate ${name} does not take your key: ${own}: porthole gate add-key ${name} ${fingerprint}`;
}

export function notByGate({ name, isDefault }: GateRecord, env: string): string {
  const other = isDefault ? 'another gate' : 'the default gate, or another';
  return `the gate ${name} does not lead to this machine of ${env}: try ${other}, or ask an administrator (porthole gate add-target)`;
}

export function notThisService(env: string, services: readonly string[]): string {
  const some = services.slice(0, maxServicesTold).join(', ');
  const more = services.length > maxServicesTold ? ', ...' : '';
  return `of ${env} the gate opens ${some}${more} only: its owner changes that with porthole target set`;
}

export function ownerOnly(env: string): string {
  return `${env} is for its owner only: ask them for porthole target set --reach members`;
}

export interface NoGrant {
  readonly principal: string;
  readonly env: string;
  readonly service: string | undefined;
  /** When each of those that they had has ended: milliseconds since the epoch. */
  readonly endedAt: readonly number[];
}

export function noGrant({ principal, env, service = defaultService, endedAt }: NoGrant): string {
  const option = service === 'ssh' ? '' : ` --service ${service}`;
  const ask = `ask an administrator for a grant: porthole grant add ${word(principal)} --env ${env}${option}`;
  if (endedAt.length === 0)
    return `you may not reach ${env}${service === 'ssh' ? '' : ` (${service})`}: ${ask}`;
  return `your grant for ${env} ended at ${new Date(Math.max(...endedAt)).toISOString()}: ${ask}`;
}

/** As it is where that is safe in a shell and on a terminal. */
function word(text: string): string {
  return /^[\w@.:/+=-]{1,128}$/.test(text) ? text : quote(text);
}
