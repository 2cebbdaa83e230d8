import { patternProblem } from '../../core/env-pattern.ts';
import { envSlug } from '../../core/names.ts';
import { parsePublicKey, type PublicKey } from '../../core/public-key.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import { didYouMean } from '../../core/suggest.ts';
import { parseDuration } from '../../core/units.ts';

interface Asked {
  readonly token: string;
  /** Undefined for as long as the policy allows. */
  readonly ttlMs: number | undefined;
}

/** What a client asks for on the strength of an ID token. */
export type ExchangeRequest =
  /** A certificate for its key. */
  | (Asked & {
      readonly kind: 'certificate';
      readonly key: PublicKey;
      /** Undefined for all that the policy allows. */
      readonly env: readonly string[] | undefined;
    })
  /** A token to visit one environment. */
  | (Asked & { readonly kind: 'visit'; readonly env: string });

const known = ['token', 'publicKey', 'for', 'ttl', 'env'];
const maxPatterns = 64;
const minTtlMs = 60_000;

/** Reads `{ token, publicKey, ttl?, env? }` or `{ token, for: "visit", env, ttl? }`. No problem repeats anything of the token or the key. */
export function readExchangeRequest(body: Buffer): Parsed<ExchangeRequest> {
  const fields = fieldsOf(body);
  if (fields === undefined)
    return problem(
      'The body must be a JSON object: { "token", "publicKey", "ttl"?, "env"? } or { "token", "for": "visit", "env", "ttl"? }.',
    );
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) return problem(`Unknown field ${quote(unknown)}${didYouMean(unknown, known)}.`);
  const { token, for: purpose = 'certificate' } = fields;
  if (typeof token !== 'string' || token === '') return problem('The field token is needed: an ID token.');
  if (purpose !== 'certificate' && purpose !== 'visit')
    return problem('The field for is "certificate" (if it is left out), or "visit".');
  const ttl = readTtl(fields['ttl']);
  if (!ttl.ok) return ttl;
  const asked = { token: token.trim(), ttlMs: ttl.value };
  return purpose === 'visit' ? readVisit(fields, asked) : readForKey(fields, asked);
}

function readForKey(fields: Record<string, unknown>, asked: Asked): Parsed<ExchangeRequest> {
  const { publicKey } = fields;
  if (typeof publicKey !== 'string')
    return problem('The field publicKey is needed: the line of a .pub file.');
  const key = parsePublicKey(publicKey);
  if (!key.ok) return problem(`The field publicKey is no public key: ${key.problem}.`);
  const env = readEnv(fields['env']);
  if (!env.ok) return env;
  return { ok: true, value: { kind: 'certificate', ...asked, key: key.key, env: env.value } };
}

/** One environment by its name, or by the branch that `porthole connect` names it for. */
function readVisit(fields: Record<string, unknown>, asked: Asked): Parsed<ExchangeRequest> {
  const given: unknown[] = [fields['env']].flat();
  const [env] = given;
  if (given.length !== 1 || typeof env !== 'string' || !/^[^*?]{1,255}$/.test(env))
    return problem('The field env is needed: the name of one environment, such as "pr-42".');
  return { ok: true, value: { kind: 'visit', ...asked, env: envSlug(env) } };
}

function fieldsOf(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function readTtl(value: unknown): Parsed<number | undefined> {
  if (value === undefined || value === null) return { ok: true, value: undefined };
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= minTtlMs) return { ok: true, value: ms };
  return problem('The field ttl is a duration of at least 1m, such as 30m (minutes) or 2h.');
}

function readEnv(value: unknown): Parsed<readonly string[] | undefined> {
  if (value === undefined || value === null) return { ok: true, value: undefined };
  const patterns: unknown[] = Array.isArray(value) ? value : [value];
  const texts = patterns.filter((each) => typeof each === 'string');
  if (texts.length !== patterns.length || texts.length === 0 || texts.length > maxPatterns)
    return problem('The field env is a name or pattern, or a list of them, such as ["pr-42"].');
  const wrong = texts.map(patternProblem).find((each) => each !== undefined);
  return wrong === undefined ? { ok: true, value: [...new Set(texts)] } : problem(`The field env: ${wrong}.`);
}
