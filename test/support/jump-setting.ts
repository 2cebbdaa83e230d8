import { duplexPair, type Duplex } from 'node:stream';
import type { Parsed } from '../../core/parsed.ts';
import { Gate, type GateOptions } from '../../server/gate/gate.ts';
import type { Identity } from '../../server/identity/identity.ts';
import type { Caller } from '../../server/identity/key-record.ts';
import { Registry } from '../../server/routing/registry.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import type { Jump, JumpRefusal } from '../../server/targets/jump.ts';
import { TargetPresence } from '../../server/targets/presence.ts';
import type { ReachDecision, ReachRequest } from '../../server/targets/reach.ts';
import type { GateRecord, TargetRecord } from '../../server/targets/target-record.ts';
import type { Channel } from '../../server/tunnel/forward.ts';
import { envSlug } from '../../core/names.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeForward, type FakeForwardOptions } from './fake-forward.ts';
import { createLog } from './log-lines.ts';
import type { TestScope } from './scope.ts';
import { until } from './until.ts';

export const ana: Identity = {
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*'],
  fingerprint: 'SHA256:ana',
  keyId: 'ana',
  source: { kind: 'stored' },
};

const gate: GateRecord = {
  ...{
    id: 'g',
    name: 'default',
    keys: 'any',
    targets: 'any',
    isDefault: true,
    createdAt: 0,
    createdBy: 'root',
  },
};

export const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** A machine of pr-1, which has reported itself. */
export const machineRecord: TargetRecord = {
  ...{ id: uuid, name: 'pr-1', env: 'pr-1', owner: 'vm', origin: 'reported', hostKeys: [], osUsers: [] },
  ...{ takesCertificates: false, reach: 'members', services: [], createdAt: 0, createdBy: 'vm' },
};

export function allowed(more: Partial<Extract<ReachDecision, { kind: 'allowed' }>> = {}): ReachDecision {
  return { kind: 'allowed', gate, by: 'member', until: undefined, osUsers: 'any', ...more };
}

/** One channel open of somebody, and what became of it. */
export class FakeJump implements Jump {
  readonly host: string;
  readonly port: number;
  readonly user = 'ana';
  readonly origin = { address: '192.0.2.7', port: 4022 };
  readonly principal = 'ana';
  readonly fingerprint = 'SHA256:ana';
  readonly waiting = new AbortController();
  who: Parsed<Caller> = { ok: true, value: { identity: ana, address: '192.0.2.7' } };
  /** The client's own end, once it was let through. */
  person: Duplex | undefined;
  /** The gateway's end. */
  near: Duplex | undefined;
  refusal: JumpRefusal | undefined;
  readonly told: string[] = [];

  constructor(host: string, port = 22) {
    this.host = host;
    this.port = port;
  }

  get abandoned(): AbortSignal {
    return this.waiting.signal;
  }

  caller(): Parsed<Caller> {
    return this.who;
  }

  accept(): Channel | undefined {
    if (this.waiting.signal.aborted) return undefined;
    const [person, near] = duplexPair();
    for (const stream of [person, near]) stream.on('error', () => undefined);
    this.person = person;
    this.near = near;
    return near as unknown as Channel;
  }

  refuse(refusal: JumpRefusal): void {
    this.refusal = refusal;
  }

  tell(reason: string): void {
    this.told.push(reason);
  }

  /** Waits until it was answered: the code of the refusal, or `in`. */
  async answer(): Promise<string> {
    await until('an answer', () => this.person !== undefined || this.refusal !== undefined);
    return this.refusal?.code ?? 'in';
  }
}

/** A machine's end of each channel that was opened to it. */
export class FakeMachine {
  readonly forward: FakeForward;
  readonly channels: Duplex[] = [];
  readonly far: Duplex[] = [];

  /** `greeting`: what its SSH server says at once; nothing of another service's. `undefined` hangs up. */
  constructor(
    options: FakeForwardOptions = {},
    greeting: (nth: number) => string | undefined = () => 'SSH-2.0-x\r\n',
  ) {
    this.forward = new FakeForward({
      ...{ service: 'ssh', owner: 'vm' },
      openChannel: () => {
        const [machine, far] = duplexPair();
        for (const stream of [machine, far]) stream.on('error', () => undefined);
        const said = greeting(this.channels.length);
        this.channels.push(machine);
        this.far.push(far);
        if (said === undefined) machine.end();
        else if (said !== '') machine.write(said);
        return Promise.resolve(far as unknown as Channel);
      },
      ...options,
    });
  }
}

/** A gate over a registry of its own, where everything else is what the test says. */
export class JumpSetting {
  readonly clock = new FakeClock();
  readonly registry: Registry;
  readonly presence = new TargetPresence();
  readonly targets: TargetRecord[] = [];
  readonly audit: AuditEntry[] = [];
  readonly counted: string[] = [];
  readonly asked: ReachRequest[] = [];
  readonly log = createLog();
  readonly gate: Gate;
  readonly #jumps: FakeJump[] = [];
  decide: (request: ReachRequest) => ReachDecision = () => allowed();

  constructor(t: TestScope, options: Partial<GateOptions> = {}) {
    const { clock, presence } = this;
    const holdMs = options.holdMs ?? 10_000;
    this.registry = new Registry({
      ...{
        domain: 'preview.test',
        holdMs,
        claimTtlMs: 60_000,
        maxHeldPerEnv: 256,
        maxRemembered: 1000,
        clock,
      },
    });
    this.gate = new Gate({
      book: {
        target: (id) => this.targets.find((each) => each.id === id),
        targetNamed: (name) => this.targets.find((each) => each.name === name),
        targetsOf: (env) => this.targets.filter((each) => each.env === env),
      },
      presence,
      registry: this.registry,
      reach: {
        decide: (request) => {
          this.asked.push(request);
          return this.decide(request);
        },
      },
      envNameOf: (_identity, text) => envSlug(text),
      audit: { record: (entry) => void this.audit.push(entry) },
      metrics: {
        gateOpened: (result) => void this.counted.push(result),
        gateBytes: (direction, bytes) => void this.counted.push(`${direction} ${String(bytes)}`),
      },
      log: this.log.log,
      ...{ domain: 'preview.test', holdMs, idleMs: 1e9, maxSessionMs: 1e9, maxSessions: 100, startups: 8 },
      now: () => clock.wall(),
      timings: { greetingMs: 60_000, turnedAwayMs: 60_000, firstRetryMs: 1, lookMs: 1 },
      ...options,
    });
    t.teardown(() => {
      this.gate.close('the test is over');
      for (const { waiting } of this.#jumps) waiting.abort();
    });
  }

  /** Its forward is live from now on, until it is ended. */
  online(machine: FakeMachine): FakeMachine {
    this.registry.add(machine.forward);
    return machine;
  }

  offline({ forward }: FakeMachine, reason = 'no sign of life'): void {
    forward.end(reason);
    this.registry.remove(forward, { kind: 'lost', reason });
  }

  /** The machine at the end of that forward has said which target it is. */
  report({ forward }: FakeMachine, target = uuid): void {
    const { tunnelId: id, route, closed } = forward;
    this.presence.report(target, {
      id,
      env: route.env,
      forwards: [forward],
      closed,
      get live() {
        return forward.live;
      },
    });
  }

  open(host: string, port = 22): FakeJump {
    const jump = new FakeJump(host, port);
    this.#jumps.push(jump);
    this.gate.open(jump);
    return jump;
  }
}
