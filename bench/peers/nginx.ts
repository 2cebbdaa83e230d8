import { localEndpoint } from '../endpoint.ts';
import { withDescendants } from '../procfs.ts';
import { untilServes } from '../serving.ts';
import type { Peer } from './peer.ts';
import { startReverseProxy } from './reverse-proxy.ts';

/** A reverse proxy without any tunnel. */
export const nginxAlone: Peer = {
  name: 'nginx',
  title: 'nginx alone in front of the origin, no tunnel (keep-alive on both hops, access_log off)',
  tools: ['nginx'],
  start: async ({ workspace, originPort }) => {
    const { child, httpPort, httpsPort } = await startReverseProxy(workspace, originPort);
    const http = localEndpoint('http', httpPort);
    await untilServes(http, [child]);
    return {
      http,
      https: httpsPort === undefined ? undefined : localEndpoint('https', httpsPort),
      gatewayPids: () => withDescendants([child.pid]),
      bufferedBytes: undefined,
      liveBytes: undefined,
      tunnelServer: undefined,
      loginServer: undefined,
      keyAdmin: undefined,
      stop: () => child.stop(),
    };
  },
};
