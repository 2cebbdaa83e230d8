import t from 'tap';
import { Bell } from '../../../client/docker/bell.ts';

t.test('a crowd of changes rings once', async (t) => {
  const bell = new Bell({ settleMs: 5, relistMs: 60_000 });
  t.teardown(() => bell.end('over'));
  for (let count = 0; count < 10; count++) bell.ring();
  t.equal(await bell.rung(), undefined);
  const next = bell.rung();
  bell.end('the reason');
  t.equal(await next, 'the reason', 'and not a second time for the same crowd');
});

t.test('what rings while nobody listens is not lost', async (t) => {
  const bell = new Bell({ settleMs: 0, relistMs: 60_000 });
  t.teardown(() => bell.end('over'));
  bell.ring();
  await new Promise((resolve) => void setTimeout(resolve, 5));
  t.equal(await bell.rung(), undefined);
});

t.test('it rings by itself once in a while', async (t) => {
  const bell = new Bell({ settleMs: 0, relistMs: 5 });
  const keepsAlive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(keepsAlive));
  t.equal(await bell.rung(), undefined);
  t.equal(await bell.rung(), undefined);
  bell.end('over');
  bell.end('again');
  t.equal(await bell.rung(), 'over');
  t.equal(await bell.rung(), 'over', 'for ever');
});
