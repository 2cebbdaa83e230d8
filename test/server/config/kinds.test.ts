import fc from 'fast-check';
import t from 'tap';
import { choice, count, duration, path, size, words, type Kind } from '../../../server/config/kinds.ts';

const maxTimerMs = 2 ** 31 - 1;

function read<T>(kind: Kind<T>, text: string): T | undefined {
  const parsed = kind.schema.safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

function problemOf(kind: Kind<unknown>, text: string): string {
  return kind.schema.safeParse(text).error?.issues[0]?.message ?? '';
}

t.test('durations have a unit and bounds', async (t) => {
  t.equal(read(duration(), '10s'), 10_000);
  t.equal(read(duration(), '250ms'), 250);
  t.equal(read(duration({ minMs: 0 }), '0s'), 0);
  for (const text of ['10', '', 's', '-1s', '1.5s', '10 s', '0s', '25d']) {
    t.equal(read(duration(), text), undefined, text);
  }
  t.equal(read(duration({ maxMs: 40 * 86_400_000 }), '30d'), 30 * 86_400_000);
  t.match(problemOf(duration(), '25d'), 'at most');
});

t.test('no duration is longer than a timer can wait', async () => {
  fc.assert(
    fc.property(fc.nat({ max: 100 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (amount, unit) => {
      const ms = read(duration(), `${amount}${unit}`);
      return ms === undefined || (ms >= 1 && ms <= maxTimerMs);
    }),
  );
});

t.test('sizes have bounds', async (t) => {
  const kind = size({ minBytes: 1024, maxBytes: 1024 * 1024 });
  t.equal(read(kind, '32KiB'), 32_768);
  t.equal(read(kind, '2048'), 2048);
  for (const text of ['1023', '2MiB', 'big', '', '-1KiB']) t.equal(read(kind, text), undefined, text);
});

t.test('counts are whole numbers with bounds', async (t) => {
  t.equal(read(count(), '64'), 64);
  t.equal(read(count({ min: 0 }), '0'), 0);
  for (const text of ['0', '-1', '1.5', '1e3', '0x10', '', ' 1', '99999999']) {
    t.equal(read(count(), text), undefined, text);
  }
});

t.test('a choice is one of its words, exactly', async (t) => {
  const kind = choice('keys', 'open');
  t.equal(read(kind, 'open'), 'open');
  t.equal(kind.placeholder, 'keys|open');
  t.equal(read(kind, 'Open'), undefined);
  t.equal(problemOf(kind, 'closed'), '"closed" is not one of keys, open');
});

t.test('a path is never repeated, since it may be the secret itself', async (t) => {
  const secret = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA';
  t.equal(read(path('FILE'), '/etc/porthole/key.pem'), '/etc/porthole/key.pem');
  for (const text of ['', secret, 'a\0b', '-----BEGIN CERTIFICATE-----']) {
    t.equal(read(path('FILE'), text), undefined);
  }
  t.notMatch(problemOf(path('FILE'), secret), 'b3Blb');
});

t.test('words for people stand in one line, without what acts on a terminal', async (t) => {
  t.equal(read(words(), '  ops@example.com, or #preview in chat '), 'ops@example.com, or #preview in chat');
  for (const text of ['', '  ', 'a\nb', 'a\u001b[2Jb', 'a\u202eb', 'a\u2028b', 'x'.repeat(201)])
    t.equal(read(words(), text), undefined, encodeURIComponent(text));
  t.equal(read(words({ maxLength: 3 }), 'Zoë'), 'Zoë');
  t.equal(words().print('the team'), 'the team');
});

t.test('what a kind prints, it reads back', async () => {
  const kinds: [Kind<number>, fc.Arbitrary<number>][] = [
    [duration(), fc.integer({ min: 1, max: maxTimerMs })],
    [size({ minBytes: 1, maxBytes: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 })],
    [count(), fc.integer({ min: 1, max: 1_000_000 })],
  ];
  for (const [kind, values] of kinds) {
    fc.assert(fc.property(values, (value) => read(kind, kind.print(value)) === value));
  }
});
