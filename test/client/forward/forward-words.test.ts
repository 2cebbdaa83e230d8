import fc from 'fast-check';
import t from 'tap';
import {
  parseLocalAddress,
  parseServiceWords,
  remoteAddress,
} from '../../../client/forward/forward-words.ts';

t.test('a service, a port, both', (t) => {
  for (const [words, value] of [
    ['db', { service: 'db', port: undefined }],
    ['DB:5432', { service: 'db', port: 5432 }],
    [':9229', { service: undefined, port: 9229 }],
    ['9229', { service: undefined, port: 9229 }],
  ] as const)
    t.same(parseServiceWords(words), { ok: true, value }, words);
  for (const bad of ['', ':', 'db:', 'db:0', 'db:x', 'a.b', 'a b', '99999', '-x', 'a:1:2', 'a\nb'])
    t.notOk(parseServiceWords(bad).ok, bad);
  t.end();
});

t.test('where to listen', (t) => {
  for (const [words, value] of [
    ['5432', { host: '127.0.0.1', port: 5432 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
  ] as const)
    t.same(parseLocalAddress(words), { ok: true, value }, words);
  for (const bad of ['', 'x', 'x:', ':80', '::1:80', '[x]:80', '65536', '-a:1', '01'])
    t.notOk(parseLocalAddress(bad).ok, bad);
  t.end();
});

t.test('nothing makes them throw', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => [parseServiceWords(text), parseLocalAddress(text)].length === 2,
    ),
  );
  t.end();
});

t.test('the port that a service has', (t) => {
  const env = 'pr-1';
  const services = [
    { service: 'ssh' },
    { service: 'web' },
    { service: 'db', port: 5432 },
    { port: 9229 },
    { service: 'x', port: 1 },
    { service: 'x', port: 2 },
  ];
  const of = (service: string | undefined, port?: number) =>
    remoteAddress({ service, port }, { env, services });
  t.same(of('ssh'), { ok: true, value: { host: 'ssh.pr-1', port: 22, likelyLocalPort: undefined } });
  t.same(of('web'), { ok: true, value: { host: 'web.pr-1', port: 80, likelyLocalPort: undefined } });
  t.same(of('db'), { ok: true, value: { host: 'db.pr-1', port: 5432, likelyLocalPort: 5432 } });
  t.same(of('db', 1), { ok: true, value: { host: 'db.pr-1', port: 1, likelyLocalPort: 1 } });
  t.same(of('default'), { ok: true, value: { host: 'pr-1', port: 9229, likelyLocalPort: 9229 } });
  t.match(of('x'), { ok: false, problem: /several ports.*x:1, x:2/ });
  t.match(of('dbb'), {
    ok: false,
    problem: /offers no "dbb" \(did you mean db\?\); it offers ssh, web, db:5432, default:9229/,
  });
  t.match(remoteAddress({ service: 'db', port: undefined }, { env, services: [] }), {
    ok: false,
    problem: /nothing now/,
  });
  t.end();
});
