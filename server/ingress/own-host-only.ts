/** What is left of a field's value for the host that sends it; undefined when nothing is. */
export type Narrow = (value: string, host: string) => string | undefined;

/**
 * Fields by which a site speaks for more than its own host: for what is below it, for all of its registrable domain, for another origin. The
 * previews of one gateway are strangers to each other under one domain: each speaks for itself.
 */
export const ownHostOnly: ReadonlyMap<string, Narrow> = new Map<string, Narrow>([
  ['strict-transport-security', hsts],
  ['clear-site-data', clearSiteData],
  ['service-worker-allowed', workerScope],
  ['nel', reportPolicy],
  ['report-to', reportPolicy],
]);

/** What is below the host is nobody's, and a preload list is not for an environment to ask for (RFC 6797, 6.1). */
function hsts(value: string): string | undefined {
  const [, seconds] = /(?:^|;)\s*max-age\s*=\s*("?\d{1,15}"?)\s*(?:;|$)/i.exec(value) ?? [];
  return seconds === undefined ? undefined : `max-age=${seconds}`;
}

/**
 * The kinds that end at the origin. `"cookies"` does not: it takes those of the whole registrable domain, the gateway's and all other previews'
 * included; so does `"*"`, which becomes the rest of it. Kinds that are not known here may do the same.
 */
const originKinds = new Set([
  'cache',
  'storage',
  'executionContexts',
  'clientHints',
  'prefetchCache',
  'prerenderCache',
]);
const allKinds = ['cache', 'storage', 'executionContexts'];

function clearSiteData(value: string): string | undefined {
  const asked = value.split(',').map((kind) => /^\s*"([^"]*)"\s*$/.exec(kind)?.[1] ?? '');
  const kinds = asked
    .flatMap((kind) => (kind === '*' ? allKinds : [kind]))
    .filter((kind) => originKinds.has(kind));
  return kinds.length === 0 ? undefined : [...new Set(kinds)].map((kind) => `"${kind}"`).join(', ');
}

/** A path on the same host, as plain as can be: whoever reads it in another way must not find another place in it. */
function workerScope(value: string, host: string): string | undefined {
  const scope = value.trim();
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(scope) || /^(?:[^/?#]*:|\/\/)/.test(scope)) return undefined;
  if (/(?:^|[/\\])(?:\.|%2e){2}(?:[/?#]|$)/i.test(scope)) return undefined;
  const base = `https://${host}/`;
  return URL.canParse(scope, base) && new URL(scope, base).origin === new URL(base).origin
    ? scope
    : undefined;
}

/** Network Error Logging and the Reporting API: a policy that is for hosts below it too would report what is not the environment's. */
function reportPolicy(value: string): string | undefined {
  const policies = parseList(value);
  if (policies === undefined) return undefined;
  return policies.map((policy) => asciiJson({ ...policy, include_subdomains: false })).join(', ');
}

/** Browsers read the field as a list of JSON objects without its brackets. */
function parseList(value: string): object[] | undefined {
  try {
    const list = JSON.parse(`[${value}]`) as unknown[];
    const objects = list.filter(
      (each): each is object => typeof each === 'object' && each !== null && !Array.isArray(each),
    );
    return objects.length === list.length && list.length > 0 ? objects : undefined;
  } catch {
    return undefined;
  }
}

function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
