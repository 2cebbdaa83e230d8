import { matchHost, type RouteName } from '../../core/names.ts';
import type { Forward } from '../tunnel/forward.ts';
import { Environment, routeKey } from './environment.ts';
import type { Resolution, Router } from './resolution.ts';

export interface RegistryOptions {
  /** The gateway's domain, such as `preview.example.com`. */
  readonly domain: string;
  readonly holdMs: number;
  /** How long a name stays its owner's after it was last seen. */
  readonly claimTtlMs: number;
  readonly maxHeldPerEnv: number;
  /** Environments that are remembered after they went offline; the longest gone are forgotten first. */
  readonly maxRemembered: number;
  readonly now?: () => number;
}

export type AddResult =
  | { readonly kind: 'added'; readonly takenOver: readonly Forward[] }
  /** The name belongs to another principal. */
  | { readonly kind: 'taken' }
  /** This tunnel already offers the same route. */
  | { readonly kind: 'duplicate' };

interface HostEntry {
  readonly kind: 'apex' | 'foreign' | 'route';
  readonly route: RouteName;
  readonly key: string;
}

const maxCachedHosts = 10_000;
/** A DNS name with a port; longer ones are answered, but not remembered. */
const maxCachedHostLength = 300;

/** The live tunnels' forwards by environment and service: the routing table, which changes in the moment a tunnel does. */
export class Registry implements Router {
  readonly #options: RegistryOptions;
  readonly #now: () => number;
  readonly #environments = new Map<string, Environment>();
  readonly #hosts = new Map<string, HostEntry>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get environments(): ReadonlyMap<string, Environment> {
    return this.#environments;
  }

  /** Environments with at least one live forward. */
  get onlineCount(): number {
    let online = 0;
    for (const environment of this.#environments.values()) if (environment.online) online += 1;
    return online;
  }

  /** Requests that wait for a tunnel. */
  get heldCount(): number {
    let held = 0;
    for (const environment of this.#environments.values()) held += environment.waiting;
    return held;
  }

  /** Whether the principal could offer a service of this environment now. */
  mayClaim(env: string, owner: string): boolean {
    const environment = this.#environments.get(env);
    return environment === undefined || environment.owner === owner || this.#claimIsOver(environment);
  }

  /** Makes the route live. The newest forward of the owner wins at once; older ones stay behind it as stand-by. */
  add(forward: Forward): AddResult {
    const { env } = forward.route;
    if (!this.mayClaim(env, forward.owner)) return { kind: 'taken' };
    const environment = this.#environment(env, forward.owner);
    const same = environment.forwards.some(
      (other) => other.tunnelId === forward.tunnelId && routeKey(other.route) === routeKey(forward.route),
    );
    if (same) return { kind: 'duplicate' };
    return { kind: 'added', takenOver: environment.add(forward, this.#now()) };
  }

  /** The route is gone when this returns. */
  remove(forward: Forward): void {
    const { env } = forward.route;
    const environment = this.#environments.get(env);
    if (environment === undefined) return;
    environment.remove(forward, this.#now());
    if (!environment.online) this.#forgetLast(env, environment);
  }

  /** A forward's options were changed while it is live. */
  refresh(forward: Forward): void {
    this.#environments.get(forward.route.env)?.refresh(forward);
  }

  resolve(host: string): Resolution {
    const entry = this.#hostEntry(host);
    if (entry.kind !== 'route') return { kind: entry.kind };
    const environment = this.#environments.get(entry.route.env);
    if (environment === undefined) return { kind: 'unknown', env: entry.route.env };
    return environment.resolve(entry.route, entry.key, { now: this.#now(), holdMs: this.#options.holdMs });
  }

  async hold(
    host: string,
    options: { ms: number; signal?: AbortSignal; untilReady?: boolean },
  ): Promise<Resolution | 'full'> {
    const untilReady = options.untilReady === true;
    const present = this.resolve(host);
    const entry = this.#hostEntry(host);
    const environment = this.#environments.get(entry.route.env);
    if (entry.kind !== 'route' || environment === undefined || isSettled(present, untilReady)) return present;
    if (environment.waiting >= this.#options.maxHeldPerEnv) return 'full';
    const clock = { now: this.#now(), holdMs: this.#options.holdMs };
    const ms = untilReady ? options.ms : Math.min(options.ms, environment.holdLeftMs(entry.key, clock));
    await waitForChange(environment, {
      ms,
      ...(options.signal && { signal: options.signal }),
      done: () => isSettled(this.resolve(host), untilReady),
    });
    return this.resolve(host);
  }

  #hostEntry(host: string): HostEntry {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const entry = parseHost(host, this.#options.domain);
    if (host.length > maxCachedHostLength) return entry;
    if (this.#hosts.size >= maxCachedHosts) this.#hosts.clear();
    this.#hosts.set(host, entry);
    return entry;
  }

  #environment(name: string, owner: string): Environment {
    const known = this.#environments.get(name);
    if (known === undefined) {
      this.#forgetOldest();
      const environment = new Environment(name, owner, this.#now());
      this.#environments.set(name, environment);
      return environment;
    }
    if (known.owner !== owner) known.transfer(owner);
    this.#forgetLast(name, known);
    return known;
  }

  /** Insertion order is the order in which names are forgotten. */
  #forgetLast(name: string, environment: Environment): void {
    this.#environments.delete(name);
    this.#environments.set(name, environment);
  }

  #claimIsOver(environment: Environment): boolean {
    return !environment.online && this.#now() - environment.lastSeenAt > this.#options.claimTtlMs;
  }

  #forgetOldest(): void {
    if (this.#environments.size < this.#options.maxRemembered) return;
    for (const [name, environment] of this.#environments) {
      if (environment.online || environment.waiting > 0) continue;
      this.#environments.delete(name);
      return;
    }
  }
}

function parseHost(host: string, domain: string): HostEntry {
  const match = matchHost(host, domain);
  const nowhere: RouteName = { env: '', service: undefined, port: undefined };
  if (match.kind === 'apex') return { kind: 'apex', route: nowhere, key: '' };
  if (match.kind === 'label') return { kind: 'route', route: match.route, key: routeKey(match.route) };
  if (match.kind === 'bad-label') return { kind: 'route', route: nowhere, key: '' };
  return { kind: 'foreign', route: nowhere, key: '' };
}

function isSettled(resolution: Resolution, untilReady: boolean): boolean {
  if (resolution.kind === 'reconnecting') return false;
  return !untilReady || resolution.kind === 'forward';
}

/** Settles when `done()` holds after a change, when the time is over, or when the signal aborts; never rejects. */
function waitForChange(
  environment: Environment,
  options: { ms: number; signal?: AbortSignal; done: () => boolean },
): Promise<void> {
  if (options.done() || options.signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stop();
      options.signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, options.ms);
    const stop = environment.onChange(() => {
      if (options.done()) finish();
    });
    options.signal?.addEventListener('abort', finish);
  });
}
