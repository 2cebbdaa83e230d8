import { createHmac } from 'node:crypto';
import { parseLabel } from '../../core/names.ts';
import type { AccessRequest, FetchContext, Proofs } from '../../server/access/decision.ts';
import type { DoorkeeperOptions } from '../../server/access/doorkeeper.ts';
import { AccessDoorkeeper } from '../../server/access/doorkeeper.ts';
import type { GrantRecord } from '../../server/access/grant-record.ts';
import { hostCookies } from '../../server/access/host-cookie.ts';
import type { Held } from '../../server/access/host-cookie.ts';
import { nowhere } from '../../server/access/place-of.ts';
import type { Places } from '../../server/access/places.ts';
import type { Sealer } from '../../server/access/seal.ts';
import type { SessionRecord } from '../../server/access/session-record.ts';
import type { Place, Viewer } from '../../server/access/viewer.ts';

export const doorNowMs = Date.UTC(2026, 10, 22, 18);
export const doorKey = Buffer.alloc(32, 7);
export const dayMs = 86_400_000;

/** Seals such that only itself opens it, without hiding anything; counts what it opens. */
export class PlainSealer implements Sealer {
  opened = 0;
  /** What is sealed with another one is old. */
  generation = 1;
  /** Those of before open nothing any more. */
  oldest = 1;

  seal(purpose: string, binding: string, text: string): string {
    return this.#seal(this.generation, purpose, binding, text);
  }

  open(purpose: string, binding: string, sealed: string): { text: string; old: boolean } | undefined {
    this.opened += 1;
    const [generation = '', encoded = ''] = sealed.split('.');
    const text = Buffer.from(encoded, 'base64url').toString();
    if (Number(generation) < this.oldest) return undefined;
    if (this.#seal(Number(generation), purpose, binding, text) !== sealed) return undefined;
    return { text, old: Number(generation) !== this.generation };
  }

  #seal(generation: number, purpose: string, binding: string, text: string): string {
    const encoded = Buffer.from(text).toString('base64url');
    const mac = createHmac('sha256', 'key').update(JSON.stringify([generation, purpose, binding, text]));
    return `${String(generation)}.${encoded}.${mac.digest('base64url')}`;
  }
}

export function sessionOf(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id,
    account: {
      kind: 'person',
      provider: 'corp',
      subject: id,
      email: `${id}@example.com`,
      name: undefined,
      groups: [],
    },
    createdAt: doorNowMs,
    createdFrom: '192.0.2.1',
    userAgent: '',
    lastSeenAt: doorNowMs,
    lastSeenFrom: '192.0.2.1',
    expiresAt: doorNowMs + 7 * dayMs,
    endedAt: undefined,
    endedReason: undefined,
    ...more,
  };
}

export function grantOf(id: string, more: Partial<GrantRecord> = {}): GrantRecord {
  return {
    id,
    kind: 'link',
    env: 'pr-42',
    service: undefined,
    owner: 'ana',
    name: '',
    createdAt: doorNowMs,
    createdBy: 'ana',
    expiresAt: doorNowMs + dayMs,
    emails: [],
    maxUses: undefined,
    uses: 0,
    lastUsedAt: undefined,
    lastUsedFrom: undefined,
    hash: undefined,
    revokedAt: undefined,
    ...more,
  };
}

export const nobody: Viewer = {
  member: false,
  admin: false,
  principal: undefined,
  envPatterns: [],
  email: undefined,
};

export const noContext: FetchContext = {
  origin: undefined,
  referer: undefined,
  secFetchSite: undefined,
  secFetchMode: undefined,
  secFetchDest: undefined,
  corsMethod: undefined,
  corsHeaders: undefined,
};

/** A place that is there. */
export function placeAt(label: string, more: Partial<Place> = {}): Place {
  const { env = '', service } = parseLabel(label) ?? {};
  return { env, service, access: 'private', owner: 'ana', from: undefined, ...more };
}

type Asked = Partial<Omit<AccessRequest, 'context' | 'place'>> & {
  readonly label?: string;
  readonly place?: Place;
  readonly context?: Partial<FetchContext>;
};

/** A gate with a doorkeeper, and all that it asks: the test puts in what there is. */
export class Door {
  nowMs = doorNowMs;
  readonly sealer = new PlainSealer();
  readonly sessions = new Map<string, SessionRecord>();
  readonly grants = new Map<string, GrantRecord>();
  /** By the session's id, which is the person's `sub`. */
  readonly viewers = new Map<string, Viewer>();
  readonly places = new Map<string, Place>();
  online: readonly string[] = [];
  proof: ReturnType<Proofs['look']> = { kind: 'not-ours' };
  /** What was noted, in order. */
  readonly seen: string[] = [];
  readonly used: string[] = [];
  readonly failed: string[] = [];
  waitSeconds: number | undefined;
  readonly #callbacks: (() => void)[] = [];
  readonly options: DoorkeeperOptions;
  readonly keeper: AccessDoorkeeper;

  constructor(options: Partial<DoorkeeperOptions> = {}) {
    const onChange = (callback: () => void): void => void this.#callbacks.push(callback);
    this.options = {
      domain: 'preview.example.com',
      publicAddress: { protocol: 'https', port: 443 },
      loginOrigin: 'https://preview.example.com',
      allowedOrigins: [],
      embedOrigins: [],
      visitorNetworks: [],
      sessionTtlMs: 7 * dayMs,
      shareKey: doorKey,
      sealer: this.sealer,
      sessions: {
        byId: (id) => this.sessions.get(id),
        seen: (id) => void this.seen.push(id),
        onChange,
      },
      grants: {
        byId: (id) => this.grants.get(id),
        ofEnv: (env) => [...this.grants.values()].filter((grant) => grant.env === env),
        used: (id) => void this.used.push(id),
        onChange,
      },
      viewers: {
        viewerOf: (account) => (account.kind === 'person' ? this.viewers.get(account.subject) : undefined),
        onChange,
      },
      proofs: { look: () => this.proof },
      attempts: {
        check: () =>
          this.waitSeconds === undefined ? { ok: true } : { ok: false, retryAfterSeconds: this.waitSeconds },
        failed: (address, target) => void this.failed.push(`${address} ${target}`),
      },
      places: this.#placeTable(),
      now: () => this.nowMs,
      ...options,
    };
    this.keeper = new AccessDoorkeeper(this.options);
  }

  change(): void {
    for (const callback of this.#callbacks) callback();
  }

  logIn(id: string, viewer: Partial<Viewer> = {}, more: Partial<SessionRecord> = {}): void {
    this.sessions.set(id, sessionOf(id, more));
    this.viewers.set(id, { ...nobody, ...viewer });
  }

  give(id: string, more: Partial<GrantRecord> = {}): void {
    this.grants.set(id, grantOf(id, more));
  }

  offer(label: string, more: Partial<Place> = {}): Place {
    const place = placeAt(label, more);
    this.places.set(label, place);
    return place;
  }

  /** `name=value`, as a browser sends the cookie of a host. */
  cookie(pass: `${'s' | 'g'}:${string}`, label = 'web--pr-42', more: Partial<Held> = {}): string {
    const kind = pass.startsWith('s') ? 'session' : 'grant';
    const [cookie = ''] = hostCookies(
      { pass: { kind, id: pass.slice(2) }, planted: [], expiresAtMs: this.nowMs + dayMs, ...more },
      { host: hostOf(label), sealer: this.sealer, nowMs: this.nowMs, embed: false },
    );
    return cookie.split(';', 1)[0] ?? '';
  }

  decide({ label = 'web--pr-42', place, context, ...more }: Asked = {}): ReturnType<
    AccessDoorkeeper['decide']
  > {
    return this.keeper.decide({
      place: place ?? this.#placeTable().placeOf(label) ?? nowhere(label),
      host: hostOf(label),
      method: 'GET',
      path: '/',
      cookie: undefined,
      authorization: undefined,
      shareHeader: undefined,
      tokenHeader: undefined,
      navigation: false,
      upgrade: false,
      address: '192.0.2.1',
      ...more,
      context: { ...noContext, ...context },
    });
  }

  #placeTable(): Places {
    return {
      placeOf: (label) => this.places.get(label) ?? nowhere(label.split('--').at(-1) ?? '', label),
      labelsOf: (env) => this.online.filter((label) => label === env || label.endsWith(`--${env}`)),
    };
  }
}

export function hostOf(label: string): string {
  return `${label}.preview.example.com`;
}
