import type { ErrorCode } from '../../core/errors.ts';
import { parseForward, type Access, type ForwardOptions, type ForwardRequest } from '../../core/forward.ts';
import type { Log } from '../../core/log.ts';
import { serviceSlug, type RouteName } from '../../core/names.ts';
import type { Identity } from '../identity/identity.ts';
import type { AddResult } from '../routing/registry.ts';
import type { Forward } from '../tunnel/forward.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { accessOf, tooWide, type AccessLimits } from './access-limit.ts';
import { nameProblem, takenName } from './name-problem.ts';
import type { Refusal } from './refusals.ts';

const maxRefusals = 64;
const maxToldLength = 512;

/** The part of the registry that dialling in needs. */
export interface RouteTable {
  mayClaim(env: string, owner: string): boolean;
  add(forward: Forward): AddResult;
  refresh(forward: Forward): void;
}

export interface ForwardingOptions extends AccessLimits {
  readonly tunnel: Tunnel;
  /** Who logged in, as the key is now. */
  readonly identity: () => Identity;
  readonly env: string;
  readonly routes: RouteTable;
  /** Whom to ask about a name that is refused. */
  readonly contact: string;
  readonly maxForwards: number;
  readonly log: Log;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onTakeover: (forward: Forward, from: readonly Forward[]) => void;
}

export type ForwardResult =
  { ok: true; forward: Forward; port: number } | { ok: false; reason: string; code: ErrorCode | undefined };

/** The forwards that one connection asks for: what may be offered, under which name, with which options. */
export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #refusals: Refusal[] = [];
  #connectionOptions: ForwardOptions = {};

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  get env(): string {
    return this.#options.env;
  }

  get forwards(): readonly Forward[] {
    return this.#options.tunnel.forwards;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Settled when it returns: the route is live, or there is a reason why not. */
  request(request: ForwardRequest): ForwardResult {
    const result = this.#tryRequest(request);
    if (!result.ok) this.#refuse({ request: shortened(request), reason: result.reason, code: result.code });
    return result;
  }

  cancel(target: ForwardRequest): boolean {
    return this.#options.tunnel.removeForward(target, {
      kind: 'withdrawn',
      reason: 'withdrawn by the client',
    });
  }

  /** Options for all forwards of the connection; what a forward says itself goes before. The reason when the key may not have them. */
  applyOptions(options: ForwardOptions): string | undefined {
    const problem = this.#tooWide(options);
    if (problem !== undefined) return problem;
    this.#connectionOptions = { ...this.#connectionOptions, ...options };
    for (const forward of this.forwards) {
      const merged = { ...options, ...defaultsFor(forward.route.service), ...ownOptions(forward.request) };
      this.#change(forward, { ...forward.options, ...merged });
    }
    return undefined;
  }

  /** What the key may have has changed: forwards that say nothing of their access get what it may have by default now. */
  judgeAgain(): void {
    for (const forward of this.forwards) {
      if (this.#access(forward.options) !== forward.access) this.#change(forward, forward.options);
    }
  }

  #change(forward: Forward, options: ForwardOptions): void {
    this.#options.tunnel.changeForward(forward, options, this.#access(options));
    this.#options.routes.refresh(forward);
  }

  /** Why no service of this environment could be offered at all; undefined when it could. */
  envProblem(): string | undefined {
    return nameProblem({ ...this.#options, identity: this.#options.identity() });
  }

  #tryRequest(request: ForwardRequest): ForwardResult {
    const parsed = parseForward(request);
    if (!parsed.ok) return refused(parsed.problem);
    const envProblem = this.envProblem();
    if (envProblem !== undefined) return refused(envProblem);
    const target = this.#chooseTarget(request);
    if (this.#options.tunnel.findForward(target) !== undefined)
      return refused('this connection offers it already');
    const { service, port, options, ignored } = parsed.value;
    const route = this.#route(service, port);
    if (ignored !== undefined)
      this.#options.log.info(
        { tunnelId: this.#options.tunnel.id, ignored },
        'forward options without effect here',
      );
    const all = { ...this.#connectionOptions, ...defaultsFor(route.service), ...options };
    const wide = this.#tooWide(all);
    if (wide !== undefined) return refused(wide, 'ERR_ACCESS_TOO_WIDE');
    return this.#offer({ request, target, route, options: all });
  }

  #offer(offer: {
    request: ForwardRequest;
    target: ForwardRequest;
    route: RouteName;
    options: ForwardOptions;
  }): ForwardResult {
    const { tunnel, routes, maxForwards } = this.#options;
    const access = this.#access(offer.options);
    const forward = tunnel.addForward({ ...offer, access });
    if (forward === null) return refused(`a connection may have at most ${String(maxForwards)} forwards`);
    const added = routes.add(forward);
    if (added.kind !== 'added') {
      tunnel.removeForward(offer.target, { kind: 'withdrawn', reason: 'refused' });
      return refused(
        added.kind === 'taken'
          ? takenName(this.env, this.#options.contact)
          : 'this connection offers the same service already',
      );
    }
    this.#options.log.info(
      { tunnelId: tunnel.id, env: this.env, service: offer.route.service, port: offer.route.port, access },
      'forward added',
    );
    if (added.takenOver.length > 0) this.#options.onTakeover(forward, added.takenOver);
    return { ok: true, forward, port: offer.target.kind === 'tcpip' ? offer.target.bindPort : 0 };
  }

  #route(service: string | undefined, port: number | undefined): RouteName {
    const slug = service === undefined ? undefined : serviceSlug(service, this.env, port);
    return { env: this.env, service: slug, port };
  }

  #access(options: ForwardOptions): Access {
    return accessOf(options, this.#options.identity(), this.#options);
  }

  #tooWide(options: ForwardOptions): string | undefined {
    return tooWide(options, this.#options.identity(), this.#options);
  }

  /** For `-R 0:` the gateway chooses the port, and the channel open must then name it. */
  #chooseTarget(request: ForwardRequest): ForwardRequest {
    if (request.kind !== 'tcpip' || request.bindPort !== 0) return request;
    for (let port = 80; ; port += 1) {
      const target: ForwardRequest = { ...request, bindPort: port };
      if (this.#options.tunnel.findForward(target) === undefined) return target;
    }
  }

  #refuse(refusal: Refusal): void {
    const { tunnel, log, onRefused } = this.#options;
    if (this.#refusals.length < maxRefusals) this.#refusals.push(refusal);
    log.warn({ tunnelId: tunnel.id, env: this.env, ...refusal }, 'forward refused');
    onRefused(refusal);
  }
}

function refused(reason: string, code?: ErrorCode): ForwardResult {
  return { ok: false, reason, code };
}

/** A refused request is kept to be told later; nobody needs the whole of one that is megabytes long. */
function shortened(request: ForwardRequest): ForwardRequest {
  return request.kind === 'tcpip'
    ? { ...request, bindAddr: request.bindAddr.slice(0, maxToldLength) }
    : { ...request, socketPath: request.socketPath.slice(0, maxToldLength) };
}

/** The machine's SSH server is for the gate, not for visitors: what is said for all services is not meant for it. */
function defaultsFor(service: string | undefined): ForwardOptions {
  return service === 'ssh' ? { scheme: 'tcp' } : {};
}

function ownOptions(request: ForwardRequest): ForwardOptions {
  const parsed = parseForward(request);
  return parsed.ok ? parsed.value.options : {};
}
