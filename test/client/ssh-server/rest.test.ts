import t from 'tap';
import { Rest } from '../../../client/ssh-server/rest.ts';

t.test('it ends by itself', async (t) => {
  // A pause does not keep the process.
  const held = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(held));
  await new Rest().for(1, new AbortController().signal);
});

t.test('all are woken at once, and later ones are not', async (t) => {
  const rest = new Rest();
  const { signal } = new AbortController();
  const two = [rest.for(1e9, signal), rest.for(1e12, signal)];
  rest.wake();
  await Promise.all(two);
  const stop = new AbortController();
  const third = rest.for(1e9, stop.signal);
  stop.abort();
  await third;
  await rest.for(1e9, stop.signal);
  t.pass();
});
