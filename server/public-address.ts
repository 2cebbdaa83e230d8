import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import type { PublicAddress } from './ingress/dependencies.ts';
import { PublicUrls } from './routing/public-urls.ts';

/** Where visitors reach the gateway: what the operator says, else the port that it listens on. */
export function publicAddress(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  entrances: Pick<Entrances, 'port'>,
): PublicAddress {
  return {
    protocol: publicUrl?.protocol ?? 'https',
    port: publicUrl?.port ?? entrances.port('any') ?? 443,
  };
}

/** The URLs that are made of it. */
export function publicUrls(
  config: Pick<Config, 'publicUrl' | 'domain'>,
  entrances: Pick<Entrances, 'port'>,
): PublicUrls {
  return new PublicUrls({ ...publicAddress(config, entrances), domain: config.domain });
}
