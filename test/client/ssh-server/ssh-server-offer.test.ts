import fc from 'fast-check';
import t from 'tap';
import {
  isSshAddress,
  isSshService,
  readSshServer,
  withSshServer,
} from '../../../client/ssh-server/ssh-server-offer.ts';
import { forwardRequest, type Offer, parseOffers } from '../../../client/target.ts';

const nothing = { address: undefined, osUser: undefined, name: undefined, id: undefined };
const id = '6F1D9F3E-58A4-4c3a-9d3e-0123456789ab';

function offers(...texts: readonly string[]): Offer[] {
  const parsed = parseOffers(texts);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

t.test('where the SSH server is', async (t) => {
  const cases: [address: string | true, target: object][] = [
    [true, { kind: 'tcp', hosts: ['127.0.0.1', '::1'], port: 22 }],
    ['', { kind: 'tcp', port: 22 }],
    ['2222', { kind: 'tcp', hosts: ['127.0.0.1', '::1'], port: 2222 }],
    ['10.0.0.7:22', { kind: 'tcp', hosts: ['10.0.0.7'], port: 22 }],
    ['[::1]:22', { kind: 'tcp', hosts: ['::1'], port: 22 }],
    ['unix:/run/sshd.sock', { kind: 'unix', path: '/run/sshd.sock' }],
  ];
  for (const [address, target] of cases) {
    const read = readSshServer({ ...nothing, address }, [], ['access=public', 'ttl=2h', 'host=keep']);
    t.match(read, {
      ok: true,
      value: { offer: { service: 'ssh', port: undefined, target, words: ['ttl=2h'] } },
    });
    if (read.ok && read.value !== undefined)
      t.same(forwardRequest(read.value.offer), { kind: 'streamlocal', socketPath: '/ssh?ttl=2h' });
  }
  const plain = readSshServer({ ...nothing, address: true }, [], []);
  t.equal(plain.ok && plain.value && forwardRequest(plain.value.offer).kind, 'streamlocal');
});

t.test('none, unless it is asked for', async (t) => {
  t.same(readSshServer(nothing, [], []), { ok: true, value: undefined });
  const off = { ...nothing, address: false, osUser: 'dev' };
  t.same(
    readSshServer(off, [], []),
    { ok: true, value: undefined },
    'what a file says of it is of no matter then',
  );
  for (const lonely of [{ osUser: 'dev' }, { name: 'big' }, { id }])
    t.match(readSshServer({ ...nothing, ...lonely }, [], []), { ok: false, problem: /need --ssh/ });
});

t.test('a service that is called so is it', async (t) => {
  const services = offers('web=3000', 'ssh=2222');
  const read = readSshServer({ ...nothing, address: true }, services, []);
  t.match(read, { ok: true, value: { offer: services[1] } });
  t.equal(read.ok && withSshServer(services, read.value).length, 2, 'and is offered once');
  t.match(readSshServer({ ...nothing, address: '22' }, services, []), { ok: false, problem: /twice/ });
  const added = readSshServer({ ...nothing, address: '22' }, offers('web=3000'), []);
  t.equal(added.ok && withSshServer(offers('web=3000'), added.value).length, 2);
  t.equal(withSshServer(services, undefined), services);
  for (const [text, is] of [
    ['SSH=22', true],
    ['ssh:22=22', true],
    ['ssh:23=22', false],
    ['web=22', false],
  ] as const)
    t.equal(offers(text).every(isSshService), is, text);
});

t.test('who the machine is', async (t) => {
  const words = { address: true, osUser: 'dev', name: 'big-one', id };
  t.match(readSshServer(words, [], []), {
    value: { osUser: 'dev', name: 'big-one', id: id.toLowerCase() },
  });
  for (const wrong of [
    { id: 'x' },
    { osUser: 'a b' },
    { osUser: '-x' },
    { name: 'Big' },
    { name: 'a--b' },
    { address: 'localhost' },
    { address: '70000' },
  ])
    t.match(
      readSshServer({ ...words, ...wrong }, [], []),
      { ok: false, problem: /./ },
      JSON.stringify(wrong),
    );
  const bad = readSshServer({ ...words, address: 'localhost' }, [], []);
  t.match(bad, { problem: /^the SSH server "localhost": / });
});

t.test('a word that can only be an address', async (t) => {
  for (const word of ['22', '2222', '127.0.0.1:22', 'vm:22', '[::1]:22', 'unix:/run/s'])
    t.equal(isSshAddress(word), true, word);
  for (const word of [
    '',
    'pr-42',
    'web=3000',
    'api:8080=3000',
    '70000',
    'Feature/Foo',
    '3000?access=public',
    '--json',
    'localhost',
  ])
    t.equal(isSshAddress(word), false, word);
  fc.assert(fc.property(fc.string(), (word) => typeof isSshAddress(word) === 'boolean'));
});
