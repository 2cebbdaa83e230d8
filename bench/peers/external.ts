import { endpointOf } from '../endpoint.ts';
import type { ExternalPeer } from '../options.ts';
import { untilServes } from '../serving.ts';
import type { Peer } from './peer.ts';

/** A gateway that somebody else started; only its answers can be looked at. */
export const external = ({ name, url }: ExternalPeer): Peer => ({
  name,
  title: `${url.href}, started by somebody else`,
  tools: [],
  start: async () => {
    const endpoint = endpointOf(url);
    const isHttps = url.protocol === 'https:';
    await untilServes(endpoint);
    return {
      http: isHttps ? undefined : endpoint,
      https: isHttps ? endpoint : undefined,
      gatewayPids: undefined,
      bufferedBytes: undefined,
      liveBytes: undefined,
      tunnelServer: undefined,
      loginServer: undefined,
      keyAdmin: undefined,
      stop: async () => {},
    };
  },
});
