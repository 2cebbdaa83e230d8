import { localEndpoint } from '../endpoint.ts';
import type { Peer } from './peer.ts';

/** The origin itself: how much of a figure is the load and the origin. */
export const direct: Peer = {
  name: 'origin',
  title: 'the origin directly: nginx, `return 200` and sendfile',
  tools: ['nginx'],
  start: async ({ originPort }) => ({
    http: localEndpoint('http', originPort),
    https: undefined,
    gatewayPids: undefined,
    bufferedBytes: undefined,
    liveBytes: undefined,
    tunnelServer: undefined,
    loginServer: undefined,
    keyAdmin: undefined,
    stop: async () => {},
  }),
};
