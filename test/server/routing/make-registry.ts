import type { RememberedEnvironment } from '../../../server/routing/memory.ts';
import { Registry, type RegistryOptions } from '../../../server/routing/registry.ts';
import type { ServiceState } from '../../../server/routing/state.ts';
import type { ForwardEnding } from '../../../server/tunnel/forward.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { FakeForward } from '../../support/fake-forward.ts';

export const holdMs = 10_000;
export const claimTtlMs = 60_000;

/** The host of the service `web` of `pr-1`. */
export const host = 'web--pr-1.preview.test';

export interface RegistrySetting {
  readonly registry: Registry;
  readonly clock: FakeClock;
  /** `env: before -> now` of each change that was told. */
  readonly told: string[];
  /** What the memory was told last of each environment. */
  readonly remembered: Map<string, RememberedEnvironment>;
  /** `name state` of each time that the memory was told, or `name forgotten`. */
  readonly memories: string[];
  /** The forward ends as its tunnel does it: it is no longer live when that is told. */
  readonly end: (forward: FakeForward, kind?: ForwardEnding['kind']) => void;
}

/** A registry with clocks that stand still, and with all that it tells in lists. */
export function makeRegistry(overrides: Partial<RegistryOptions> = {}): RegistrySetting {
  const clock = new FakeClock();
  const told: string[] = [];
  const memories: string[] = [];
  const remembered = new Map<string, RememberedEnvironment>();
  const registry = new Registry({
    domain: 'preview.test',
    holdMs,
    claimTtlMs,
    maxHeldPerEnv: 3,
    maxRemembered: 1000,
    clock,
    onStateChange: (view, previous: ServiceState | undefined) =>
      told.push(`${view.name}: ${previous ?? 'new'} -> ${view.state}`),
    memory: {
      remember: (environment) => {
        memories.push(`${environment.name} ${environment.state}`);
        remembered.set(environment.name, environment);
      },
      forget: (name) => {
        memories.push(`${name} forgotten`);
        remembered.delete(name);
      },
    },
    ...overrides,
  });
  return {
    registry,
    clock,
    told,
    remembered,
    memories,
    end: (forward, kind = 'lost') => {
      forward.end();
      registry.remove(forward, { kind, reason: 'by the test' });
    },
  };
}
