import type { CommandContext, PublicUrls } from './commands.ts';
import type { Forwarding } from './forwarding.ts';
import type { Login, LoginOptions } from './login.ts';
import { VisibleEnvironments, type EnvironmentViews, type LiveTunnel } from './visible-environments.ts';

export interface CommandPlaceOptions {
  readonly environments: EnvironmentViews;
  readonly urls: () => PublicUrls;
  readonly envNameOf: LoginOptions['envNameOf'];
  /** All that live, of whomever. */
  readonly tunnels: () => readonly LiveTunnel[];
  readonly roundTripMs: number | undefined;
}

/** What the commands of one connection may know, at this moment. */
export function commandContext(
  { identity, env }: Pick<Login, 'identity' | 'env'>,
  { forwards, refusals }: Pick<Forwarding, 'forwards' | 'refusals'>,
  { environments, urls, envNameOf, tunnels, roundTripMs }: CommandPlaceOptions,
): CommandContext {
  return {
    keyId: identity.keyId,
    env,
    forwards,
    refusals,
    roundTripMs,
    urls: urls(),
    environments: new VisibleEnvironments({ identity, views: environments, tunnels, urls: urls() }),
    envNameOf: (text) => envNameOf(identity, text),
  };
}
