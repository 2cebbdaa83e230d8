import { parseGateAddress, type GateAddress } from '../../core/gate-address.ts';
import type { Log } from '../../core/log.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import type { JumpSessions } from '../targets/jump-session.ts';
import type { Jump, JumpRefusal, Jumps } from '../targets/jump.ts';
import { closeEntry, openEntry, refusedEntry } from './jump-audit.ts';
import { JumpList } from './jump-list.ts';
import type { Side } from './joined-channels.ts';
import { LiveJump } from './live-jump.ts';
import { loginOver } from './login-over.ts';
import { Passage, usualTimings, type PassageOutcome, type PassageTimings } from './passage.ts';
import { Policy } from './policy.ts';
import { LoginStartups } from './startups.ts';
import { Ways, type WaysOptions } from './ways.ts';

/** How it ended that somebody wanted to be led somewhere. */
export type GateResult = 'opened' | 'refused' | 'offline' | 'busy' | 'failed' | 'abandoned';

export interface GateMetrics {
  gateOpened(result: GateResult): void;
  /** `up`: to the machine. */
  gateBytes(direction: 'up' | 'down', bytes: number): void;
}

export interface GateOptions extends WaysOptions {
  /** The gateway's domain, which may stand behind a name. */
  readonly domain: string;
  /** Of one principal at a time. */
  readonly maxSessions: number;
  /** Without a byte either way. */
  readonly idleMs: number;
  readonly maxSessionMs: number;
  /** Logins at one machine that may begin at a time. */
  readonly startups: number;
  readonly audit: AuditRecorder;
  readonly metrics: GateMetrics;
  readonly log: Log;
  /** How often it is looked what is over by its time. */
  readonly checkMs?: number;
  readonly timings?: PassageTimings;
}

const defaultCheckMs = 1000;
const maxWaitingLogins = 256;
const loginWaitMs = 60_000;

/**
 * Where people are led through to machines: who may is decided for each channel, and again for all that go on, whenever something changes. Dials
 * nothing; what it leads to is a forward of a live tunnel.
 */
export class Gate implements Jumps {
  readonly #options: GateOptions;
  readonly #list = new JumpList();
  readonly #ways: Ways;
  readonly #startups: LoginStartups;
  readonly #policy: Policy;
  readonly #timer: NodeJS.Timeout;
  #closed: JumpRefusal | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#ways = new Ways(options);
    this.#policy = new Policy(this.#list, { ...options, ways: this.#ways });
    this.#startups = new LoginStartups({
      maxAtOnce: options.startups,
      maxWaiting: maxWaitingLogins,
      waitMs: loginWaitMs,
    });
    this.#timer = setInterval(() => this.#policy.checkTimes(), options.checkMs ?? defaultCheckMs).unref();
  }

  get sessions(): JumpSessions {
    return this.#list;
  }

  get sessionCount(): number {
    return this.#list.size;
  }

  open(jump: Jump): void {
    void this.#lead(jump).catch((err: unknown) => {
      this.#options.log.error({ err, host: jump.host }, 'the gate failed inside the gateway');
      this.#refuse(jump, undefined, { code: 'ERR_INTERNAL', reason: 'the gateway failed' });
    });
  }

  /** Something has changed that decides who may reach what. */
  recheck(): void {
    this.#policy.recheck();
  }

  /** Lets nobody in any more; what goes on is not touched. */
  drain(reason: string): void {
    this.#closed ??= { code: 'ERR_DRAINING', reason };
  }

  /** Ends all that goes on. */
  close(reason: string): void {
    clearInterval(this.#timer);
    this.drain(reason);
    for (const session of this.#list.all()) session.end(reason);
  }

  async #lead(jump: Jump): Promise<void> {
    const parsed = parseGateAddress(jump.host, jump.port, this.#options);
    if (!parsed.ok) {
      this.#refuse(jump, undefined, { code: 'ERR_GATE_REFUSED', reason: parsed.problem });
      return;
    }
    const address = parsed.value;
    const free = this.#list.takePlace(jump.principal, this.#options.maxSessions);
    if (free === undefined || this.#closed !== undefined) {
      free?.();
      this.#refuse(jump, address, this.#closed ?? this.#tooMany());
      return;
    }
    try {
      await this.#pass(jump, address);
    } finally {
      free();
    }
  }

  /** Settles when they are gone again. */
  async #pass(jump: Jump, address: GateAddress): Promise<void> {
    const { holdMs, timings = usualTimings } = this.#options;
    const parts = { ways: this.#ways, startups: this.#startups, timings, holdMs };
    const outcome = await new Passage(jump, address, parts).find();
    if (outcome.kind === 'refused') this.#refuse(jump, address, outcome.refusal);
    else if (outcome.kind === 'abandoned') this.#options.metrics.gateOpened('abandoned');
    else await this.#join(jump, outcome);
  }

  async #join(
    jump: Jump,
    { way, far, release }: Extract<PassageOutcome, { kind: 'through' }>,
  ): Promise<void> {
    const { metrics, now } = this.#options;
    const near = jump.accept();
    if (near === undefined) {
      far.destroy();
      release();
      metrics.gateOpened('abandoned');
      return;
    }
    const ofLogin = loginOver(release);
    const onBytes = (from: Side, bytes: number): void => {
      metrics.gateBytes(from === 'near' ? 'up' : 'down', bytes);
      ofLogin(bytes);
    };
    const session = new LiveJump({ jump, way, near, far, onBytes, now });
    const { load } = way.forward;
    load.requests += 1;
    this.#list.add(session);
    this.#tellOpen(session);
    const reason = await session.closed;
    load.requests -= 1;
    release();
    this.#tellClose(session, reason);
  }

  #tooMany(): JumpRefusal {
    const reason = `you have ${String(this.#options.maxSessions)} sessions through the gate already, as many as one may`;
    return { code: 'ERR_LIMIT', reason };
  }

  #refuse(jump: Jump, address: GateAddress | undefined, refusal: JumpRefusal): void {
    const { audit, metrics, log, now } = this.#options;
    jump.refuse(refusal);
    metrics.gateOpened(resultOf(refusal));
    audit.record(refusedEntry(jump, { address, refusal, at: now() }));
    const { principal, origin, host, port } = jump;
    log.info({ principal, remote: origin.address, host, port, ...refusal }, 'gate refused');
  }

  #tellOpen(session: LiveJump): void {
    const { audit, metrics, log } = this.#options;
    metrics.gateOpened('opened');
    audit.record(openEntry(session));
    log.info({ ...factsOf(session), by: session.way.decision.by }, 'gate opened');
  }

  #tellClose(session: LiveJump, reason: string): void {
    const { audit, log, now } = this.#options;
    const { bytesUp, bytesDown, startedAt } = session;
    const at = now();
    audit.record(closeEntry(session, reason, at));
    log.info({ ...factsOf(session), bytesUp, bytesDown, ms: at - startedAt, reason }, 'gate closed');
  }
}

function factsOf({ id, principal, address, gate, env, service, port, target, way }: LiveJump) {
  const { tunnelId } = way.forward;
  return {
    session: id,
    principal,
    remote: address,
    gate,
    env,
    service,
    port,
    target: target?.name,
    tunnelId,
  };
}

function resultOf({ code }: JumpRefusal): GateResult {
  switch (code) {
    case 'ERR_GATE_REFUSED':
    case 'ERR_TARGET_UNKNOWN':
      return 'refused';
    case 'ERR_TARGET_OFFLINE':
    case 'ERR_SERVICE_UNKNOWN':
      return 'offline';
    case 'ERR_BUSY':
    case 'ERR_LIMIT':
    case 'ERR_DRAINING':
      return 'busy';
    default:
      return 'failed';
  }
}
