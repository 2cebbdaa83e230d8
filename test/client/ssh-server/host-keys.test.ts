import t from 'tap';
import type { HostKeyKind, HostKeyScan } from '../../../client/ssh-server/host-key-scan.ts';
import { HostKeys } from '../../../client/ssh-server/host-keys.ts';

const ed25519 = 'ssh-ed25519 AAAA1';
const rsa = 'ssh-rsa AAAA2';
const ecdsa = 'ecdsa-sha2-nistp256 AAAA3';
const all: HostKeyScan = { kind: 'keys', keys: [ed25519, ecdsa, rsa] };
const kindOf: Readonly<Record<HostKeyKind, string>> = {
  ed25519: 'ssh-ed25519 ',
  rsa: 'ssh-rsa ',
  ecdsa: 'ecdsa-',
};

/** A server whose keys the test changes. */
function setUp(expected: readonly string[] = []) {
  const server = { shows: all, nowMs: 0, looked: [] as string[] };
  const keys = new HostKeys({
    scan: (kinds) => {
      server.looked.push(kinds.join());
      const { shows } = server;
      if (shows.kind !== 'keys') return Promise.resolve(shows);
      const seen = shows.keys.filter((key) => kinds.some((kind) => key.startsWith(kindOf[kind])));
      return Promise.resolve({ kind: 'keys', keys: seen });
    },
    expected: () => expected,
    freshMs: 5,
    nowMs: () => server.nowMs,
  });
  return { server, keys };
}

const everything = 'ed25519,ecdsa,rsa';

t.test('several who ask at once cause one look', async (t) => {
  const { server, keys } = setUp();
  t.equal(keys.last, undefined);
  t.same(await Promise.all([keys.read(), keys.read(), keys.recheck()]), [all, all, all]);
  t.same(await keys.read(), all, 'and a moment later, too');
  t.same(server.looked, [everything]);
  t.same(keys.last, [ed25519, ecdsa, rsa]);
  server.nowMs = 5;
  await keys.read();
  keys.forget();
  await keys.read();
  t.equal(server.looked.length, 3);
});

t.test('again and again one key is looked at, another each time', async (t) => {
  const { server, keys } = setUp();
  await keys.read();
  server.looked = [];
  for (server.nowMs = 10; server.nowMs < 60; server.nowMs += 10) t.same(await keys.recheck(), all);
  t.same(server.looked, ['ed25519', 'ecdsa', 'rsa', 'ed25519', 'ecdsa']);
});

t.test('a server that listens anew is looked at in full', async (t) => {
  const { server, keys } = setUp();
  await keys.read();
  server.looked = [];
  keys.forget();
  await keys.recheck();
  t.same(server.looked, [everything]);
});

t.test('one that has changed makes all of them be looked at', async (t) => {
  const { server, keys } = setUp();
  await keys.read();
  const changed = { kind: 'keys', keys: ['ssh-ed25519 BBBB', ecdsa, rsa] } as const;
  Object.assign(server, { nowMs: 10, looked: [], shows: changed });
  t.same(await keys.recheck(), changed);
  t.same(server.looked, ['ed25519', everything]);
});

t.test('a server that does not answer for a while has changed nothing', async (t) => {
  const { server, keys } = setUp();
  await keys.read();
  for (const kind of ['unreachable', 'mute'] as const) {
    Object.assign(server, { nowMs: server.nowMs + 10, shows: { kind, reason: 'x' } });
    t.same(await keys.recheck(), all);
  }
});

t.test('before it answers, what it will show counts', async (t) => {
  const { server, keys } = setUp([rsa]);
  server.shows = { kind: 'unreachable', reason: 'refused' };
  t.same(await keys.read(), { kind: 'keys', keys: [rsa] });
  server.shows = { kind: 'mute', reason: 'no SSH' };
  server.nowMs = 10;
  t.same(await keys.read(), server.shows, 'something else listens there');
});

t.test('where nothing is known it looks at all of them', async (t) => {
  const { server, keys } = setUp();
  server.shows = { kind: 'unreachable', reason: 'refused' };
  t.same(await keys.read(), server.shows);
  t.same(await keys.recheck(), server.shows);
  const odd = 'sk-ssh-ed25519@openssh.com AAAA';
  server.shows = { kind: 'keys', keys: [odd] };
  t.match(await keys.recheck(), { kind: 'keys' });
  t.same(server.looked, [everything, everything, everything]);
});
