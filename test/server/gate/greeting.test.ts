import { Duplex } from 'node:stream';
import t from 'tap';
import { awaitGreeting, type Greeting } from '../../../server/gate/greeting.ts';
import type { Channel } from '../../../server/tunnel/forward.ts';

/** A channel whose other end the test holds. */
function channel(): Channel {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  stream.on('error', () => undefined);
  return Object.assign(stream, { bufferedBytes: 0 }) as unknown as Channel;
}

const never = new AbortController().signal;

function greetingOf(
  stream: Channel,
  { timeoutMs = 60_000, signal = never }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Greeting> {
  return awaitGreeting(stream, { timeoutMs, signal });
}

async function allOf(stream: Channel): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

t.test('whoever reads next gets all that came, in its order', async (t) => {
  const stream = channel();
  const greeting = greetingOf(stream);
  stream.push('SS');
  stream.push('H-2.0-OpenSSH_9.2\r\nmore');
  t.same(await greeting, { kind: 'greeted' });
  stream.push(' and more');
  stream.push(null);
  t.equal(await allOf(stream), 'SSH-2.0-OpenSSH_9.2\r\nmore and more');
});

t.test('lines may come before it', async (t) => {
  const stream = channel();
  const greeting = greetingOf(stream);
  stream.push('welcome to SSH-land\r\nSSH-2.0-x\r\n');
  t.same(await greeting, { kind: 'greeted' });
  stream.push(null);
  t.equal(await allOf(stream), 'welcome to SSH-land\r\nSSH-2.0-x\r\n');
});

t.test('what answers like another server, and hangs up', async (t) => {
  const stream = channel();
  const greeting = greetingOf(stream);
  stream.push('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  stream.push(null);
  t.same(await greeting, { kind: 'foreign' });
});

t.test('a server that hangs up first, with a word and without', async (t) => {
  const [told, mute, cut] = [channel(), channel(), channel()];
  const greetings = [told, mute, cut].map((stream) => greetingOf(stream));
  told.push('Exceeded MaxStartups\r\n');
  told.push(null);
  mute.push(null);
  cut.destroy(new Error('reset'));
  t.same(await Promise.all(greetings), [
    { kind: 'turned-away', said: 'Exceeded MaxStartups' },
    { kind: 'turned-away', said: undefined },
    { kind: 'turned-away', said: undefined },
  ]);
  t.same(await greetingOf(cut), { kind: 'turned-away', said: undefined }, 'it was gone already');
});

t.test('one that says nothing, and one that says something else for ever', async (t) => {
  t.same(await greetingOf(channel(), { timeoutMs: 5 }), { kind: 'silent' });
  const stream = channel();
  const greeting = greetingOf(stream);
  stream.push(Buffer.alloc(5000, 'x'));
  stream.push(Buffer.alloc(5000, 'x'));
  t.same(await greeting, { kind: 'foreign' });
});

t.test('nobody waits any more', async (t) => {
  const waiting = new AbortController();
  const stream = channel();
  const greeting = greetingOf(stream, { signal: waiting.signal });
  waiting.abort();
  await greeting;
  t.ok(stream.destroyed);
  const late = channel();
  await greetingOf(late, { signal: waiting.signal });
  t.ok(late.destroyed);
});
