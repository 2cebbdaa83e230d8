import { isFetchable } from './issuer-address.ts';

export interface FetchedJson {
  readonly value: unknown;
  /** `max-age` of its Cache-Control in milliseconds; 0 where nobody may keep it, undefined where nothing is said. */
  readonly maxAgeMs: number | undefined;
}

export interface FetchBounds {
  /** To the last byte of the answer. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const maxRedirects = 2;

/** Gets a JSON document of an issuer. Rejects with an error in words for the log; follows redirects within one origin only. */
export async function fetchJson(address: string, { timeoutMs, maxBytes }: FetchBounds): Promise<FetchedJson> {
  const signal = AbortSignal.timeout(timeoutMs);
  let url = new URL(address);
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    if (!isFetchable(url)) throw new Error(`${url.href} is not https`);
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json' },
    });
    const next = redirectOf(response, url);
    if (next === undefined) return await readJson(response, url, maxBytes);
    await response.body?.cancel();
    url = next;
  }
  throw new Error(`${address} redirects too often`);
}

function redirectOf(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get('location') ?? '';
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.origin === from.origin) return to;
  throw new Error(`${from.href} redirects to another host`);
}

async function readJson(response: Response, url: URL, maxBytes: number): Promise<FetchedJson> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url.href} answered ${String(response.status)}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${url.href} answered with more than ${String(maxBytes)} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { value: parse(text, url), maxAgeMs: maxAgeOf(response.headers.get('cache-control') ?? '') };
}

function parse(text: string, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url.href} did not answer with JSON`);
  }
}

/** RFC 9111, 5.2.2 */
export function maxAgeOf(cacheControl: string): number | undefined {
  const directives = cacheControl.split(',').map((each) => each.trim().toLowerCase());
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const seconds = directives.flatMap((each) => /^max-age="?(\d{1,10})"?$/.exec(each)?.[1] ?? [])[0];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
