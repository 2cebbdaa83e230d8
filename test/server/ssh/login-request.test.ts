import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import type { Connection } from 'ssh2';
import t from 'tap';
import { wireString } from '../../../core/ssh-wire.ts';
import { readLoginRequest, watchLoginRequests } from '../../../server/ssh/login-request.ts';

function request(
  parts: { method?: string; algorithm?: string; blob?: Uint8Array; signature?: Uint8Array } = {},
): Buffer {
  const { method = 'publickey', algorithm = 'ssh-ed25519', blob = Buffer.from('key'), signature } = parts;
  return Buffer.concat([
    Buffer.of(50),
    ...['pr-1', 'ssh-connection', method].map(wireString),
    Buffer.of(signature === undefined ? 0 : 1),
    wireString(algorithm),
    wireString(blob),
    ...(signature === undefined ? [] : [wireString(signature)]),
  ]);
}

t.test('what a client asks, and what it signs', (t) => {
  const asked = request({ algorithm: 'rsa-sha2-512' });
  t.same(readLoginRequest(asked), { algorithm: 'rsa-sha2-512', blob: Buffer.from('key'), head: asked });
  const signature = Buffer.from('signature');
  const signed = request({ signature });
  t.same(readLoginRequest(signed), {
    algorithm: 'ssh-ed25519',
    blob: Buffer.from('key'),
    head: signed.subarray(0, -signature.length - 4),
    signature,
  });
  t.end();
});

t.test('what it gives is its own: the buffer is used again', (t) => {
  const payload = request({ signature: Buffer.from('signature') });
  const read = readLoginRequest(payload);
  payload.fill(0);
  t.match(read, { blob: Buffer.from('key'), signature: Buffer.from('signature') });
  t.equal(read?.head[0], 50);
  t.end();
});

t.test('other methods and messages, and what is cut short or too long', (t) => {
  const good = request({ signature: Buffer.from('signature') });
  t.equal(readLoginRequest(request({ method: 'password' })), undefined);
  t.equal(readLoginRequest(Buffer.concat([Buffer.of(51), good.subarray(1)])), undefined);
  t.equal(readLoginRequest(Buffer.concat([good, Buffer.of(0)])), undefined);
  t.equal(readLoginRequest(request({ algorithm: Buffer.of(0xff).toString('latin1') }))?.algorithm, 'ÿ');
  for (let length = 0; length < good.length; length += 1)
    t.equal(readLoginRequest(good.subarray(0, length)), undefined);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      readLoginRequest(Buffer.concat([Buffer.of(50), bytes]));
    }),
  );
  t.end();
});

t.test('there is one only while ssh2 tells of it', (t) => {
  const seen: unknown[] = [];
  const protocol = {
    _onPayload: (payload: Buffer) => {
      seen.push(current()?.blob.toString());
      if (payload.length > 200) throw new Error('malformed');
      return payload.length;
    },
  };
  const connection = Object.assign(new EventEmitter(), { _protocol: protocol }) as unknown as Connection;
  const current = watchLoginRequests(connection);
  t.equal(current(), undefined);
  const payload = request({ blob: Buffer.from('one') });
  t.equal(protocol._onPayload(payload), payload.length, 'what ssh2 answers is handed on');
  t.equal(protocol._onPayload(Buffer.of(2, 0, 0, 0, 0)), 5);
  t.throws(() => protocol._onPayload(request({ blob: Buffer.alloc(300, 'x') })));
  t.same(seen, ['one', undefined, 'x'.repeat(300)]);
  t.equal(current(), undefined);
  t.end();
});
