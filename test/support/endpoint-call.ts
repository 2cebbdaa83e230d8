import type { EndpointCall, EndpointHeaders } from '../../server/pages/own-endpoint.ts';

const noHeaders: EndpointHeaders = {
  accept: undefined,
  contentType: undefined,
  authorization: undefined,
  cookie: undefined,
  origin: undefined,
  referer: undefined,
  secFetchSite: undefined,
  secFetchMode: undefined,
  secFetchDest: undefined,
  userAgent: undefined,
};

/** A call of an endpoint of the gateway's own, of which the test says what matters. */
export function endpointCall(
  call: Partial<Omit<EndpointCall, 'headers'>> & { readonly headers?: Partial<EndpointHeaders> } = {},
): EndpointCall {
  return {
    method: 'GET',
    host: 'preview.example.com',
    path: '/',
    body: Buffer.alloc(0),
    address: '192.0.2.1',
    requestId: 'r-1',
    ...call,
    headers: { ...noHeaders, ...call.headers },
  };
}
