import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  identityFileOf,
  refreshing,
  sshHome,
  tlsOf,
  userConfigOf,
} from '../../../client/commands/ssh-config-flags.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

const server = { transport: 'tls', host: 'gw.example', port: 443 } as const;

t.test('TLS where it was said so', (t) => {
  const around = new FakeSurroundings(t);
  t.equal(tlsOf({ server: 'https://gw' }, around), undefined);
  t.same(tlsOf({ server: 'https://gw', tls: true }, around), { caFile: undefined });
  t.same(tlsOf({ server: 'TLS://gw', ca: 'ca.pem' }, around), { caFile: join(around.cwd, 'ca.pem') });
  t.end();
});

t.test("the key that was named, or the client's own", (t) => {
  const around = new FakeSurroundings(t);
  const own = join(around.home, '.local/state/porthole/client/id_ed25519');
  const identity = (source: string) => ({ identity: { source } }) as Parameters<typeof identityFileOf>[1];
  t.equal(identityFileOf({ server: '', identity: 'k' }, identity(own), around), join(around.cwd, 'k'));
  t.equal(identityFileOf({ server: '' }, identity(own), around), own);
  t.equal(identityFileOf({ server: '' }, identity('the SSH agent'), around), undefined);
  t.equal(identityFileOf({ server: '' }, { identity: undefined }, around), undefined);
  t.end();
});

t.test('how certificates are renewed, wherever ssh is started', (t) => {
  const around = new FakeSurroundings(t);
  const flags = { server: 'x', ca: 'ca.pem', knownHosts: '/kh', identity: 'id', hostKey: ['SHA256:a'] };
  t.same(refreshing(flags, server, { folder: '/c', around }), {
    folder: '/c',
    localUser: 'tester',
    reaching: [
      ...['--server', 'https://gw.example:443', '--ca', join(around.cwd, 'ca.pem')],
      ...['--known-hosts', '/kh', '--identity', join(around.cwd, 'id'), '--host-key', 'SHA256:a'],
    ],
  });
  const { folder } = refreshing({ server: 'x' }, server, { folder: undefined, around });
  t.equal(folder, join(around.home, '.local/state/porthole/client/certificates'));
  t.end();
});

t.test("the user's own files", (t) => {
  const around = new FakeSurroundings(t);
  t.equal(userConfigOf(around), undefined);
  mkdirSync(join(around.home, '.ssh'), { recursive: true });
  writeFileSync(join(around.home, '.ssh', 'config'), '');
  t.equal(userConfigOf(around), join(around.home, '.ssh', 'config'));
  t.match(sshHome('/x'), /^\//);
  t.end();
});
