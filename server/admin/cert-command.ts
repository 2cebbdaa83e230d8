import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline } from '../../core/moment.ts';
import { formatDuration } from '../../core/units.ts';
import type { Identity } from '../identity/identity.ts';
import type { CertificateIssuer, IssueRequest } from '../identity/issuer.ts';
import { patternOutside } from '../identity/patterns.ts';
import { answer, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { isAtLeast } from './key-selection.ts';
import type { KeyServices } from './key-services.ts';

/** What the command about certificates needs. */
export interface CertServices extends Pick<KeyServices, 'keys' | 'fileKeys'> {
  readonly issuer: CertificateIssuer;
  /** The longest that a certificate may be good. */
  readonly certTtlMs: number;
}

type CertCall = Call<CommandValues['cert']>;
type Decision =
  { readonly kind: 'issue'; readonly request: IssueRequest } | Extract<Answer, { kind: 'error' }>;

const usualTtlMs = 8 * 3_600_000;
/** One that is over before it arrives helps nobody. */
const leastTtlMs = 60_000;

/** `cert`: a short-lived certificate for the key that the caller logged in with, which allows at most what that key does. */
export function certHandlers(services: CertServices): Handlers<'cert'> {
  return {
    cert: async (call) => {
      const decision = decide(services, call);
      if (decision.kind === 'error') return decision;
      const { request } = decision;
      const { line, serial, expiresAt } = await services.issuer.issue(request);
      const { principal, role, envPatterns: env } = request;
      return answer(
        { certificate: line, serial, principal, role, env, expires: new Date(expiresAt).toISOString() },
        [line],
        [
          `good until ${formatDeadline(expiresAt, call.now)}, as ${role}, for ${env.length === 0 ? 'no environment name' : env.join(', ')}`,
          'keep it beside the key as KEY-cert.pub (id_ed25519-cert.pub for id_ed25519): ssh and porthole offer it from there',
        ],
      );
    },
  };
}

function decide({ keys, fileKeys, certTtlMs }: CertServices, call: CertCall): Decision {
  const { caller, values, now } = call;
  const { identity, address } = caller;
  const refusal = refusalFor(identity);
  if (refusal !== undefined) return no(refusal);
  const { role = 'machine', env: envPatterns = identity.envPatterns } = values;
  if (!isAtLeast(identity.role, role))
    return no(`you are a ${identity.role}, and get no certificate for ${role}`);
  const outside = patternOutside(envPatterns, identity.envPatterns);
  if (outside !== undefined) return no(`the pattern ${outside} allows names that your key may not use`);
  const ttl = ttlOf(values.ttl, certTtlMs);
  if (typeof ttl === 'string') return wrong(ttl);
  const print = identity.fingerprint;
  const record = keys.byFingerprint(print) ?? [...fileKeys()].find((key) => key.fingerprint === print);
  if (record === undefined) return no('your key is not known here any more');
  return {
    kind: 'issue',
    request: {
      key: { type: record.type, blob: Buffer.from(record.blob, 'base64') },
      principal: identity.principal,
      role,
      envPatterns: [...new Set(envPatterns)],
      expiresAt: Math.min(now + ttl, identity.expiresAt ?? Infinity),
      issuedFor: print,
      by: { principal: identity.principal, fingerprint: print, address },
    },
  };
}

/** A certificate must not renew itself: whoever got hold of one would never lose it. */
function refusalFor({ source }: Identity): string | undefined {
  if (source.kind === 'certificate')
    return 'you logged in with a certificate, which cannot get another: log in with the key alone (ssh -o CertificateFile=none -i KEY)';
  if (source.kind === 'open')
    return 'anybody may dial in here, and your key is not known: there is nothing that a certificate could say of it';
  return undefined;
}

function ttlOf(asked: number | undefined, longestMs: number): number | string {
  if (asked === undefined) return Math.min(usualTtlMs, longestMs);
  if (asked > longestMs)
    return `--ttl ${formatDuration(asked)}: certificates are good for at most ${formatDuration(longestMs)} here`;
  return asked < leastTtlMs
    ? `--ttl ${formatDuration(asked)}: a certificate is good for at least ${formatDuration(leastTtlMs)}`
    : asked;
}

function no(message: string): Decision {
  return notAllowed(message);
}

function wrong(message: string): Decision {
  return wrongUsage(message);
}
