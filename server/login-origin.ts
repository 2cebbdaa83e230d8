import type { Config } from './config/keys.ts';
import type { Entrances } from './entrances.ts';
import { publicAddress } from './public-address.ts';
import { PublicUrls } from './routing/public-urls.ts';

/** Where the login pages are. */
export interface LoginOrigin {
  /** `https://preview.example.com`, with its port where that is not the protocol's own. */
  readonly origin: string;
  /** Its host name. */
  readonly host: string;
}

/** The host that the operator set apart for them, else the gateway's own. */
export function loginOriginOf(
  config: Pick<Config, 'publicUrl' | 'domain' | 'adminDomain'>,
  entrances: Pick<Entrances, 'port'>,
): LoginOrigin {
  const host = config.adminDomain ?? config.domain;
  const { rootUrl } = new PublicUrls({ ...publicAddress(config, entrances), domain: host });
  return { origin: rootUrl.slice(0, -1), host };
}
