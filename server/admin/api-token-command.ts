import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline } from '../../core/moment.ts';
import { formatDuration } from '../../core/units.ts';
import { longestApiTokenMs, type ApiTokens } from '../access/api-tokens.ts';
import { keyAccountOf } from '../access/key-account.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';

/** What the command that makes tokens for the API needs. */
export interface ApiTokenServices {
  readonly apiTokens: Pick<ApiTokens, 'make'>;
  /** `https://preview.example.com/_porthole/api` */
  readonly apiUrl: () => string;
  readonly audit: AuditRecorder;
}

type TokenCall = Call<CommandValues['api-token']>;

const usualTtlMs = 3_600_000;
/** One that is over before it is used helps nobody. */
const leastTtlMs = 60_000;

/** `api-token`: a short-lived token with which programs give commands over HTTP, as whoever holds the key. */
export function apiTokenHandlers(services: ApiTokenServices): Handlers<'api-token'> {
  return { 'api-token': (call) => Promise.resolve(make(call, services)) };
}

function make(call: TokenCall, { apiTokens, apiUrl, audit }: ApiTokenServices): Answer {
  const { values, now, caller } = call;
  const { identity } = caller;
  const { ttl = usualTtlMs } = values;
  const wrong = ttlProblem(ttl);
  if (wrong !== undefined) return wrongUsage(`--ttl ${formatDuration(ttl)}: ${wrong}`);
  const lifeMs = Math.min(ttl, longestLifeMs(call));
  const made = apiTokens.make(keyAccountOf(identity), lifeMs);
  if (!made.ok) return failed(made.problem);
  const { id, token, expiresAt } = made.value;
  const expires = new Date(expiresAt).toISOString();
  const detail = { id, until: expires };
  audit.record(auditOf(call, { action: 'api-token.create', target: identity.principal, detail }));
  const url = apiUrl();
  return answer(
    { token, id, account: identity.principal, expires, url },
    [token],
    [
      `speaks for your key until ${formatDeadline(expiresAt, now)}, or until the key is revoked; it is not shown again, and is not kept here`,
      `  curl -H "Authorization: Bearer $TOKEN" ${url}/target/list`,
    ],
  );
}

function ttlProblem(ttlMs: number): string | undefined {
  if (ttlMs > longestApiTokenMs) return `tokens are good for at most ${formatDuration(longestApiTokenMs)}`;
  return ttlMs < leastTtlMs ? `a token is good for at least ${formatDuration(leastTtlMs)}` : undefined;
}

/** It ends with the key, and with what stands for it here: a token must not renew itself. */
function longestLifeMs({ caller: { identity, via }, now }: TokenCall): number {
  return Math.min(identity.expiresAt ?? Infinity, via?.until ?? Infinity) - now;
}
