import { parseLabel } from '../../core/names.ts';
import { problem } from '../../core/parsed.ts';
import type { Parsed } from '../../core/parsed.ts';
import { loginPath } from './own-paths.ts';
import { safePath } from './safe-path.ts';
import { isStateHash } from './state-cookie.ts';

export { safePath } from './safe-path.ts';

/** What a host of an environment asks of the login pages: let this browser in, if it may, and send it back. */
export interface HandOver {
  /** The label of the host that asks, such as `web--pr-42`: the one that the browser is sent back to. */
  readonly label: string;
  /** Where the browser wants to go, on the host that it came from at first. */
  readonly path: string;
  /** `stateHash` of the nonce that the browser has on this host. */
  readonly state: string;
  /** Of the link that it came by. */
  readonly share?: string;
  readonly token?: string;
  readonly chain?: Chain;
}

/**
 * Set where the browser is being led through the hosts of an environment; without it the login pages begin with all hosts that there are. The
 * cookie of `home` says already that they were planted. A browser that has no pass (any more) is sent back to `home`, which lets it in or asks
 * anew, and does not begin the same chain again.
 */
export interface Chain {
  /** The label of the host that the path is on. */
  readonly home: string;
  /** Those that come after `label`, in this order. */
  readonly rest: readonly string[];
}

/** The most hosts that a browser is led through besides the first: each takes three redirections, and browsers follow twenty. */
export const maxChain = 5;

const maxTokenLength = 128;
const maxQueryLength = 8192;

/** The address of the login pages for it. */
export function handOverUrl(loginOrigin: string, handOver: HandOver): string {
  return `${loginOrigin}${loginPath}?${handOverQuery(handOver)}`;
}

/** The same without the question mark, for another page of the same kind. */
export function handOverQuery({ label, path, state, share, token, chain }: HandOver): string {
  const query = new URLSearchParams({ to: label, return: path, state });
  if (share !== undefined) query.set('share', share);
  if (token !== undefined) query.set('token', token);
  if (chain !== undefined) {
    query.set('home', chain.home);
    query.set('rest', chain.rest.join(','));
  }
  return query.toString();
}

/** Reads it out of the query of a request. Nothing in it is believed: it says where to go, never who asks. */
export function readHandOver(pathWithQuery: string): Parsed<HandOver> {
  const start = pathWithQuery.indexOf('?');
  if (pathWithQuery.length - start > maxQueryLength) return problem('the query is too long');
  const query = new URLSearchParams(start === -1 ? '' : pathWithQuery.slice(start + 1));
  if (new Set(query.keys()).size !== query.size) return problem('a parameter is there twice');
  return readQuery(query);
}

function readQuery(query: URLSearchParams): Parsed<HandOver> {
  const label = query.get('to') ?? '';
  const env = envOf(label);
  if (env === undefined) return problem('there is no such host');
  const path = safePath(query.get('return') ?? '');
  if (path === undefined) return problem('the address to come back to is none');
  const state = query.get('state') ?? '';
  if (!isStateHash(state)) return problem('the state is missing');
  const chain = readChain(query, label, env);
  if (!chain.ok) return chain;
  const share = readToken(query.get('share'));
  const token = readToken(query.get('token'));
  return {
    ok: true,
    value: {
      label,
      path,
      state,
      ...(share !== undefined && { share }),
      ...(token !== undefined && { token }),
      ...(chain.value !== undefined && { chain: chain.value }),
    },
  };
}

/** Hosts of one environment, each once. */
function readChain(query: URLSearchParams, label: string, env: string): Parsed<Chain | undefined> {
  const home = query.get('home');
  if (home === null) return { ok: true, value: undefined };
  const rest = (query.get('rest') ?? '').split(',').filter((each) => each !== '');
  if (rest.length > maxChain) return problem('too many hosts');
  const others = [home, ...rest];
  if (others.some((each) => envOf(each) !== env)) return problem('a host of another environment');
  if (new Set(others).size !== others.length || rest.includes(label)) return problem('a host is there twice');
  return { ok: true, value: { home, rest } };
}

/** In the one spelling that URLs have. */
function envOf(label: string): string | undefined {
  return label === label.toLowerCase() ? parseLabel(label)?.env : undefined;
}

/** What could be a link or a token; whether it is one is for whoever takes it. */
export function readToken(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined) return undefined;
  return text.length <= maxTokenLength && /^[\w.-]+$/.test(text) ? text : undefined;
}
