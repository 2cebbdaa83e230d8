import { newGrant, shareUrl, signGrant } from './access/share-link.ts';
import type { Config } from './config/keys.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import type { PublicUrls as SessionUrls } from './ssh/commands.ts';

interface SessionUrlParts {
  readonly config: Pick<Config, 'shareTtlMs'>;
  readonly urls: PublicUrls;
  readonly shareKey: Buffer;
}

/** The URLs that those who dial in are told, with links that open what is private. */
export function sessionUrls({ config, urls, shareKey }: SessionUrlParts): SessionUrls {
  return {
    rootUrl: urls.rootUrl,
    baseUrl: urls.baseUrl,
    urlOf: (route) => urls.urlOf(route),
    shareUrlOf: (route, owner) => {
      const grant = newGrant(route.env, owner, Date.now() + config.shareTtlMs);
      return shareUrl(urls.urlOf(route).slice(0, -1), signGrant(shareKey, 'link', grant));
    },
  };
}
