import t from 'tap';
import { SocketStream } from '../../core/socket-stream.ts';
import { withTimerByHand } from '../support/timer-by-hand.ts';

class Stream extends SocketStream {
  moveByte(): void {
    this.active();
  }
}

t.test('idle for too long, it says so; the listener leaves with the timeout', async (t) => {
  const stream = new Stream();
  let timeouts = 0;
  const onTimeout = (): void => {
    timeouts += 1;
  };
  t.equal(stream.setTimeout(0, onTimeout), stream);
  stream.once('timeout', onTimeout);
  withTimerByHand(() => stream.setTimeout(60_000)).fire();
  t.equal(timeouts, 1);
  t.equal(stream.timeout, 60_000);
  stream.setTimeout(5000, onTimeout);
  t.equal(stream.listenerCount('timeout'), 1);
  stream.setTimeout(0, onTimeout);
  t.equal(stream.listenerCount('timeout'), 0);
  stream.destroy();
  stream.setTimeout(1);
});

t.test('a byte puts the timeout off, until the stream is destroyed', async (t) => {
  const stream = new Stream();
  stream.moveByte();
  const timer = withTimerByHand(() => stream.setTimeout(60_000));
  stream.moveByte();
  t.equal(timer.refreshed, 1);
  stream.destroy();
  stream.moveByte();
  t.equal(timer.refreshed, 1);
});

t.test("it has what Node's HTTP client asks of a socket", async (t) => {
  const stream = new Stream();
  t.equal(stream.setNoDelay(), stream);
  t.equal(stream.setKeepAlive(), stream);
  t.equal(stream.ref(), stream);
  t.equal(stream.unref(), stream);
});
