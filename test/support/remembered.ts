import fc from 'fast-check';
import { isName, isServiceName } from '../../core/names.ts';
import type { RememberedEnvironment, RememberedService } from '../../server/routing/memory.ts';
import { serviceStates } from '../../server/routing/state.ts';

/** An environment with one service, as the registry hands it to its memory. */
export function remembered(
  name: string,
  overrides: Partial<Omit<RememberedEnvironment, 'name'>> = {},
): RememberedEnvironment {
  return {
    name,
    owner: 'someone',
    lastSeenAt: 1000,
    state: 'ready',
    sinceMs: 900,
    online: true,
    services: [
      {
        route: { env: name, service: 'web', port: undefined },
        access: 'public',
        state: 'ready',
        sinceMs: 900,
      },
    ],
    ...overrides,
  };
}

const state = fc.constantFrom(...serviceStates);
const name = fc
  .oneof(fc.stringMatching(/^[a-z0-9]{1,12}(?:-[a-z0-9]{1,12}){0,3}$/u), fc.stringMatching(/^[a-z0-9]{63}$/u))
  .filter(isName);
/** What SQLite can keep: no NUL, no halves of surrogate pairs. */
const owner = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom("'; drop table environments; --", '"', '%', '🦊'),
  )
  .filter((text) => text.length > 0 && !text.includes('\0') && text.isWellFormed());

/** Any environment that there can be, last seen before `now`. */
export function anyRemembered(now: number): fc.Arbitrary<RememberedEnvironment> {
  const moment = fc.integer({ min: 0, max: now });
  const service = fc.record({
    service: fc.option(name.filter(isServiceName), { nil: undefined }),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    access: fc.constantFrom('public' as const, 'private' as const, 'team' as const),
    from: fc.option(fc.ipV4(), { nil: undefined }),
    state,
    sinceMs: moment,
  });
  return fc
    .record({
      name,
      owner,
      lastSeenAt: moment,
      state,
      sinceMs: moment,
      online: fc.boolean(),
      services: fc.array(service, { maxLength: 5 }),
    })
    .map(({ services, ...rest }) => ({
      ...rest,
      services: services.map(({ service, port, from, ...more }): RememberedService => ({
        route: { env: rest.name, service, port },
        ...more,
        ...(from !== undefined && { from }),
      })),
    }));
}
