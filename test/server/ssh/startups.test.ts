import t from 'tap';
import { Startups } from '../../../server/ssh/startups.ts';

t.test('places in all, and for each source; given back once', (t) => {
  const startups = new Startups({ max: 3, maxPerSource: 2 });
  const first = startups.enter('a');
  t.ok(first);
  t.ok(startups.enter('a'));
  t.equal(startups.enter('a'), undefined, 'two of one source');
  t.ok(startups.enter('b'));
  t.equal(startups.enter('c'), undefined, 'three in all');
  t.equal(startups.count, 3);
  first?.();
  first?.();
  t.equal(startups.count, 2);
  t.ok(startups.enter('a'));
  t.equal(startups.enter('a'), undefined);
  t.end();
});

t.test('a source that has left is not remembered', (t) => {
  const startups = new Startups({ max: 10, maxPerSource: 1 });
  for (let i = 0; i < 100; i += 1) {
    const leave = startups.enter('a');
    t.ok(leave);
    leave?.();
  }
  t.equal(startups.count, 0);
  t.end();
});

t.test('an IPv6 network is one source, however many addresses it dials from', (t) => {
  const startups = new Startups({ max: 10, maxPerSource: 2 });
  t.ok(startups.enter('2001:db8::1'));
  t.ok(startups.enter('2001:db8::2'));
  t.equal(startups.enter('2001:db8::3'), undefined);
  t.ok(startups.enter('2001:db8:0:1::1'), 'another network');
  t.end();
});
