import t from 'tap';
import { ChannelOpenError } from '../../../server/tunnel/forward.ts';

t.test('the failure of an open is a value that can be told apart', (t) => {
  const error = new ChannelOpenError({ kind: 'refused', detail: 'Connection refused' });
  t.ok(error instanceof Error);
  t.equal(error.name, 'ChannelOpenError');
  t.same(error.failure, { kind: 'refused', detail: 'Connection refused' });
  t.end();
});
