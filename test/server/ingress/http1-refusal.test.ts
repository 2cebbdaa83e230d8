import t from 'tap';
import { overflowOf, refusalCode } from '../../../server/ingress/http1-refusal.ts';

const failed = (code: string, packet?: string): Parameters<typeof refusalCode>[0] =>
  Object.assign(new Error(code), {
    code,
    ...(packet !== undefined && { rawPacket: Buffer.from(packet, 'latin1') }),
  });

t.test('what a connection is told whose bytes are no request', async (t) => {
  t.equal(refusalCode(failed('ERR_HTTP_REQUEST_TIMEOUT')), 'ERR_REQUEST_TIMEOUT');
  t.equal(refusalCode(failed('HPE_HEADER_OVERFLOW', 'GET /aaaa')), 'ERR_URI_TOO_LONG');
  t.equal(refusalCode(failed('HPE_HEADER_OVERFLOW', 'aaaa\r\n')), 'ERR_HEADERS_TOO_LARGE');
  t.equal(refusalCode(failed('HPE_INVALID_METHOD')), 'ERR_BAD_REQUEST');
  t.equal(refusalCode(failed('ECONNRESET')), undefined);
});

t.test("a head of cookies is a browser's: those that are whole in the piece that is there", async (t) => {
  const nothing = { accept: '', cookies: '' };
  t.same(overflowOf(failed('HPE_HEADER_OVERFLOW', 'xxx; a=1; b=2; c=xx')), {
    accept: 'text/html',
    cookies: ' a=1; b=2',
  });
  t.same(overflowOf(failed('HPE_HEADER_OVERFLOW', 'xxxx; c=xx')), nothing);
  t.same(overflowOf(failed('HPE_HEADER_OVERFLOW', 'xxxx')), nothing);
  t.same(overflowOf(failed('HPE_HEADER_OVERFLOW')), nothing);
  t.same(overflowOf(failed('HPE_INVALID_METHOD', 'a; b=1; c=2; d')), nothing);
});
