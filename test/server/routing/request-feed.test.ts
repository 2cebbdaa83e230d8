import t from 'tap';
import { RequestFeed, type RequestSummary } from '../../../server/routing/request-feed.ts';

function summary(env: string, path = '/'): RequestSummary {
  return { env, service: 'web', method: 'GET', path, status: 200, durationMs: 12 };
}

t.test('whoever watches an environment hears of its requests, until the subscription ends', (t) => {
  const feed = new RequestFeed();
  const first: string[] = [];
  const second: string[] = [];
  const stop = feed.subscribe('pr-1', ({ path }) => first.push(path));
  feed.subscribe('pr-1', ({ path }) => second.push(path));
  feed.publish(summary('pr-1', '/a'));
  feed.publish(summary('pr-2', '/of another'));
  stop();
  stop();
  feed.publish(summary('pr-1', '/b'));
  t.same(first, ['/a']);
  t.same(second, ['/a', '/b']);
  t.end();
});

t.test('a subscription that ended does not end one that came after it', (t) => {
  const feed = new RequestFeed();
  const heard: string[] = [];
  const stop = feed.subscribe('pr-1', () => undefined);
  stop();
  feed.subscribe('pr-1', ({ path }) => heard.push(path));
  stop();
  feed.publish(summary('pr-1', '/a'));
  t.same(heard, ['/a']);
  t.end();
});

t.test('a listener may leave while it is told', (t) => {
  const feed = new RequestFeed();
  let calls = 0;
  const stop = feed.subscribe('pr-1', () => {
    calls += 1;
    stop();
  });
  feed.subscribe('pr-1', () => (calls += 10));
  feed.publish(summary('pr-1'));
  feed.publish(summary('pr-1'));
  t.equal(calls, 21);
  t.end();
});
