import { grantToken } from './access/grant-token.ts';
import type { StandingLinks } from './access/standing-links.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import type { PublicUrls as SessionUrls } from './ssh/commands.ts';
import type { RouteTable } from './ssh/forwarding.ts';
import type { Forward } from './tunnel/forward.ts';

interface SessionUrlParts {
  readonly urls: PublicUrls;
  readonly links: Pick<StandingLinks, 'current' | 'pending'>;
  readonly grantKey: Buffer;
}

/** The URLs that those who dial in are told, with links that open what is private. */
export function sessionUrls({ urls, links, grantKey }: SessionUrlParts): SessionUrls {
  return {
    rootUrl: urls.rootUrl,
    baseUrl: urls.baseUrl,
    urlOf: (route) => urls.urlOf(route),
    shareUrlOf: (route, owner) => {
      const id = links.current(route.env, owner);
      return id && `${urls.urlOf(route)}?porthole-share=${grantToken(grantKey, 'link', id)}`;
    },
    sharePending: (env) => links.pending(env),
  };
}

/** The routes, where whoever offers something private gets a link to it. */
export function withStandingLinks(routes: RouteTable, links: Pick<StandingLinks, 'ensure'>): RouteTable {
  const ensure = ({ route, owner, access, options }: Forward): void => {
    if (access !== 'public' && options.scheme !== 'tcp') links.ensure(route.env, owner);
  };
  return {
    mayClaim: (env, owner) => routes.mayClaim(env, owner),
    add: (forward) => {
      const added = routes.add(forward);
      if (added.kind === 'added') ensure(forward);
      return added;
    },
    refresh: (forward) => {
      routes.refresh(forward);
      ensure(forward);
    },
  };
}
