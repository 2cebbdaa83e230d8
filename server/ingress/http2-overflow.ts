import { constants } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';

/** nghttp2's NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: a head in more than nine frames, some 150 KB. */
const tooManyContinuations = -905;

/**
 * A head that is far too large ends the whole session before there is a request that could be answered. Browsers then show an error of the protocol, of
 * which nobody learns that it is their cookies. They are told to come again with HTTP/1.1 (RFC 9113, 7), where there is an answer.
 */
export function sendOverflowToHttp1(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => {
    const overflow = error instanceof Error && 'errno' in error && error.errno === tooManyContinuations;
    destroy(error, overflow ? constants.NGHTTP2_HTTP_1_1_REQUIRED : code);
  };
}
