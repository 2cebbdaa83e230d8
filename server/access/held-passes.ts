import type { AccessRequest } from './decision.ts';
import { readHeld, sealedPasses } from './host-cookie.ts';
import type { Held } from './host-cookie.ts';
import { passOpens, sessionViewer } from './opens.ts';
import type { PassSources } from './opens.ts';
import { mayUseCookie } from './origins.ts';
import type { CookieRules } from './origins.ts';
import type { Sealer } from './seal.ts';

export interface HeldPassesOptions extends CookieRules, PassSources {
  readonly sealer: Sealer;
}

/** What a request's cookies are worth. */
export type HeldFinding =
  | { readonly kind: 'opens'; readonly held: Held }
  /** There is one, but the page that the request comes from may not use it. What it says was not looked at. */
  | { readonly kind: 'origin' }
  /** Somebody who is logged in, and may not see it. */
  | { readonly kind: 'known' }
  | { readonly kind: 'nothing' };

interface Read {
  readonly host: string;
  readonly held: Held;
  readonly untilMs: number;
}

const nothing: HeldFinding = { kind: 'nothing' };
/** A key that is taken away is one that opens nothing, soon. */
const rememberedMs = 2000;
const maxKept = 10_000;

/**
 * Reads the cookies of hosts. A browser shows the same one with each request: what it says is remembered for a moment, so that it need not be
 * decrypted each time. What it names is looked up anew, always.
 */
export class HeldPasses {
  readonly #options: HeldPassesOptions;
  /** By the sealed text; genuine ones only. */
  readonly #read = new Map<string, Read>();

  constructor(options: HeldPassesOptions) {
    this.#options = options;
  }

  look(request: AccessRequest, nowMs: number): HeldFinding {
    const sealed = sealedPasses(request.cookie);
    if (sealed.length === 0) return nothing;
    if (!mayUseCookie(request, this.#options)) return { kind: 'origin' };
    let known = false;
    for (const each of sealed) {
      const held = this.#heldIn(each, request.host, nowMs);
      if (held === undefined) continue;
      if (passOpens(held.pass, request.place, nowMs, this.#options)) return { kind: 'opens', held };
      known ||= held.pass.kind === 'session' && this.#isSomebody(held.pass.id, nowMs);
    }
    return known ? { kind: 'known' } : nothing;
  }

  #isSomebody(sessionId: string, nowMs: number): boolean {
    return sessionViewer(sessionId, nowMs, this.#options) !== undefined;
  }

  #heldIn(sealed: string, host: string, nowMs: number): Held | undefined {
    const known = this.#read.get(sealed);
    if (known?.host === host && nowMs < known.untilMs && nowMs >= known.untilMs - rememberedMs)
      return known.held.expiresAtMs > nowMs ? known.held : undefined;
    const held = readHeld(sealed, { host, sealer: this.#options.sealer, nowMs });
    if (held === undefined) return undefined;
    if (this.#read.size >= maxKept) this.#read.clear();
    this.#read.set(sealed, { host, held, untilMs: nowMs + rememberedMs });
    return held;
  }
}
