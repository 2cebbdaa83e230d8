import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import t from 'tap';
import { startGateway } from './gateway.ts';

t.test('a head of far too many cookies is sent to HTTP/1.1, where it is told so', async (t) => {
  const gateway = await startGateway(t);
  const options = { maxSendHeaderBlockLength: 2 ** 24 };
  const session = connectHttp2(`http://127.0.0.1:${gateway.http2Port}`, options);
  t.teardown(() => {
    session.destroy();
  });
  session.on('error', () => undefined);
  const cookie = Array.from({ length: 60 }, (_each, index) => `c${index}=${'x'.repeat(4000)}`);
  const goodbye = once(session, 'goaway') as Promise<[number]>;
  session.request({ ':authority': 'pr-1.preview.test', cookie }).on('error', () => undefined);
  t.equal((await goodbye)[0], constants.NGHTTP2_HTTP_1_1_REQUIRED);
});
