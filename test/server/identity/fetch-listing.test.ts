import t from 'tap';
import { fetchListing, type FetchOptions } from '../../../server/identity/fetch-listing.ts';
import { makeAuthority } from '../../client/certificates.ts';
import { fakeForge, type FakeForge, type ForgeAnswer } from '../../support/fake-forge.ts';
import { freePort } from '../../support/free-port.ts';
import type { TestScope } from '../../support/scope.ts';

type Scope = Pick<TestScope, 'teardown'>;

const authority = makeAuthority();
const certificate = authority.issue({ dns: ['localhost'] });

async function ask(t: Scope, answer: ForgeAnswer, options: FetchOptions = {}) {
  const forge = await fakeForge(t);
  forge.users.set('ana', answer);
  return fetchListing(`${forge.root}/ana.keys`, options);
}

const plain = { 'content-type': 'text/plain' };

t.test('gives what is listed', async (t) => {
  t.same(await ask(t, ['one', 'two']), { kind: 'listing', text: 'one\ntwo\n' });
  t.same(await ask(t, []), { kind: 'listing', text: '' });
});

t.test('over https it checks who answers', async (t) => {
  const forge = await fakeForge(t, certificate);
  forge.users.set('ana', ['one']);
  t.same(await fetchListing(`${forge.root}/ana.keys`, { ca: authority.ca }), {
    kind: 'listing',
    text: 'one\n',
  });
  t.match(await fetchListing(`${forge.root}/ana.keys`), { kind: 'failed', problem: /not trusted/ });
  const elsewhere = forge.root.replace('localhost', '127.0.0.1');
  t.match(await fetchListing(`${elsewhere}/ana.keys`, { ca: authority.ca }), {
    kind: 'failed',
    problem: /for another host/,
  });
});

t.test('not even the environment makes it trust anybody', async (t) => {
  const forge = await fakeForge(t, certificate);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.match(await fetchListing(`${forge.root}/ana.keys`), { kind: 'failed', problem: /not trusted/ });
  t.same(forge.asked, []);
});

t.test('an account that is not there is told apart from a server that fails', async (t) => {
  t.match(await ask(t, 404), { kind: 'absent', problem: /no such account/ });
  t.match(await ask(t, 410), { kind: 'absent' });
  t.match(await ask(t, 500), { kind: 'failed', problem: /answered 500/ });
  t.match(await ask(t, 401), { kind: 'failed', problem: /answered 401/ });
  t.match(await ask(t, 204), { kind: 'failed' });
});

t.test('what is no list of keys is not read', async (t) => {
  const page =
    (type: string): ForgeAnswer =>
    (response) =>
      response.writeHead(200, { 'content-type': type }).end('ssh-ed25519 AAAA');
  t.match(await ask(t, page('text/html; charset=utf-8')), {
    kind: 'failed',
    problem: /not with a list of keys/,
  });
  t.match(await ask(t, page('application/xhtml+xml')), { kind: 'failed' });
  t.match(await ask(t, page('application/json')), { kind: 'failed' });
  const zipped = await ask(t, (response) =>
    response.writeHead(200, { ...plain, 'content-encoding': 'gzip' }).end('x'),
  );
  t.match(zipped, { kind: 'failed', problem: /encoding/ });
  const binary = await ask(t, (response) =>
    response.writeHead(200, plain).end(Buffer.from([0xff, 0xfe, 0xc0])),
  );
  t.match(binary, { kind: 'failed', problem: /not text/ });
});

t.test('an answer is bounded, announced or not', async (t) => {
  const large = 'x'.repeat(70_000);
  t.match(await ask(t, (response) => response.writeHead(200, plain).end(large)), {
    kind: 'failed',
    problem: /more than 65536 bytes/,
  });
  const endless: ForgeAnswer = (response) => {
    response.writeHead(200, plain);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1000)));
    };
    response.on('drain', more);
    more();
  };
  t.match(await ask(t, endless), { kind: 'failed', problem: /more than/ });
});

t.test('an answer that is cut short is none', async (t) => {
  const cut: ForgeAnswer = (response) => {
    response.writeHead(200, { ...plain, 'content-length': '100' });
    response.write('one\n', () => response.destroy());
  };
  t.match(await ask(t, cut), { kind: 'failed', problem: /could not be asked/ });
});

t.test('a server that does not answer, or stops in the middle, is given up', async (t) => {
  t.match(await ask(t, () => undefined, { deadlineMs: 20 }), { kind: 'failed', problem: /within 0.02 s/ });
  const stops: ForgeAnswer = (response) => response.writeHead(200, plain).write('one\n');
  t.match(await ask(t, stops, { deadlineMs: 50 }), { kind: 'failed', problem: /within/ });
});

t.test('it can be ended before its time', async (t) => {
  const ending = new AbortController();
  const asked = await ask(t, () => ending.abort(), { signal: ending.signal });
  t.equal(asked.kind, 'failed');
  t.equal((await ask(t, ['one'], { signal: AbortSignal.abort() })).kind, 'failed');
});

t.test('nobody there', async (t) => {
  const port = await freePort('127.0.71.1');
  t.match(await fetchListing(`http://127.0.71.1:${port}/ana.keys`), { kind: 'failed', problem: /refused/ });
});

t.test('it follows a server to another address of its own, and to nobody else', async (t) => {
  const other = await fakeForge(t);
  other.users.set('ana', ['other']);
  const forge = await fakeForge(t);
  const to =
    (location: string): ForgeAnswer =>
    (response) =>
      response.writeHead(302, { location }).end();
  forge.users.set('ana', ['one']);
  forge.users.set('Ana', to('/ana.keys'));
  forge.users.set('away', to(`${other.root}/ana.keys`));
  forge.users.set('scheme', to(`${forge.root.replace('http:', 'https:')}/ana.keys`));
  forge.users.set('password', to(`${forge.root.replace('//', '//a:b@')}/ana.keys`));
  forge.users.set('nonsense', to('http://'));
  forge.users.set('loop', to('/loop.keys'));
  t.same(await keysOf(forge, 'Ana'), { kind: 'listing', text: 'one\n' });
  for (const user of ['away', 'scheme', 'password', 'nonsense']) {
    t.match(await keysOf(forge, user), { kind: 'failed', problem: /only the host/ }, user);
  }
  t.match(await keysOf(forge, 'loop'), { kind: 'failed', problem: /without an end/ });
  t.same(other.asked, []);
});

t.test('nothing of an answer is repeated', async (t) => {
  const secret: ForgeAnswer = (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('s3cret');
  t.notMatch(JSON.stringify(await ask(t, secret)), /s3cret/);
});

function keysOf(forge: FakeForge, user: string) {
  return fetchListing(`${forge.root}/${user}.keys`);
}
