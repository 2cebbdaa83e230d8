import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { base32 } from '../../core/base32.ts';
import type { RouteName } from '../../core/names.ts';
import {
  envSlug,
  formatLabel,
  isName,
  isServiceName,
  keyId,
  matchHost,
  maxEnvLength,
  openEnvName,
  parseLabel,
  parsePort,
  serviceSlug,
} from '../../core/names.ts';

const ldhLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const names = fc.stringMatching(/^[a-z0-9]{1,8}(?:-[a-z0-9]{1,6}){0,3}$/).filter(isName);
const services = names.filter(isServiceName);
const ports = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const routes: fc.Arbitrary<RouteName> = fc
  .record({ env: names, service: fc.option(services, { nil: undefined }), port: ports })
  .filter((route) => formatLabel(route).length <= 63);

/** What people and machines call their branches and services, and what they should not. */
const originals = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.stringMatching(/^[A-Za-z0-9_/.-]{1,80}$/),
  fc.stringMatching(/^[a-z0-9]{1,3}(?:-{1,3}[a-z0-9]{1,30}){0,4}$/),
  fc.stringMatching(/^[0-9]{1,6}$/),
  fc.constantFrom('', 'xn', 'XN', '___', '--', '3000', 'xn--p1ai', 'web--pr', '-web', 'web-', '\u212aelvin'),
);

t.test('valid names', (t) => {
  for (const name of ['a', '1', 'pr-42', '42', 'a-b-c', 'xn-1', 'xnn', 'a'.repeat(63)])
    t.equal(isName(name), true, name);
  for (const name of [
    '',
    '-',
    'a-',
    '-a',
    'a--b',
    'A',
    'a_b',
    'a.b',
    'xn',
    'a\n',
    'ü',
    '\u212a',
    'a'.repeat(64),
  ]) {
    t.equal(isName(name), false, JSON.stringify(name));
  }
  t.equal(isServiceName('web'), true);
  t.equal(isServiceName('3000a'), true);
  t.equal(isServiceName('3000-1'), true);
  t.equal(isServiceName('3000'), false);
  t.end();
});

t.test('ports', (t) => {
  t.equal(parsePort('1'), 1);
  t.equal(parsePort('65535'), 65_535);
  for (const text of ['', '0', '080', '65536', '-1', '1e3', '80 ', '99999', '100000', '８０']) {
    t.equal(parsePort(text), undefined, JSON.stringify(text));
  }
  t.end();
});

t.test('labels as the design lists them', (t) => {
  const cases: Record<string, RouteName> = {
    'pr-42': { env: 'pr-42', service: undefined, port: undefined },
    'web--pr-42': { env: 'pr-42', service: 'web', port: undefined },
    'web--8080--pr-42': { env: 'pr-42', service: 'web', port: 8080 },
    '8080--pr-42': { env: 'pr-42', service: undefined, port: 8080 },
    '8080--42': { env: '42', service: undefined, port: 8080 },
  };
  for (const [label, route] of Object.entries(cases)) {
    t.same(parseLabel(label), route, label);
    t.same(parseLabel(label.toUpperCase()), route, label.toUpperCase());
    t.equal(formatLabel(route), label);
  }
  t.end();
});

t.test('labels that no route has', (t) => {
  const labels = [
    ...[
      '',
      '-',
      '--',
      '---',
      'a--',
      '--a',
      'a---b',
      'a----b',
      '-a--b',
      'a--b-',
      'xn--p1ai',
      'xn',
      'xn--80--a',
      'a--xn',
    ],
    ...[
      '0--a',
      '080--a',
      '65536--a',
      '99999--a',
      '3000--8080--a',
      'web--0--a',
      'web--080--a',
      'web--65536--a',
    ],
    ...['web--api--a', 'web--80--81--a', 'a.b', 'a_b', ' a', 'a\n', '\u212a', 'web--\u212aa', 'a'.repeat(64)],
  ];
  for (const label of labels) t.equal(parseLabel(label), undefined, JSON.stringify(label));
  t.end();
});

t.test('parse and format are inverse, so no two routes share a label', (t) => {
  fc.assert(fc.property(routes, (route) => t.same(parseLabel(formatLabel(route)), route)));
  const parts = fc.stringMatching(/^[A-Za-z0-9-]{0,9}$/);
  const labels = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 4 }).map((list) => list.join('--')),
  );
  fc.assert(
    fc.property(labels, (label) => {
      const route = parseLabel(label);
      return route === undefined || formatLabel(route) === label.toLowerCase();
    }),
    { numRuns: 5000 },
  );
  t.end();
});

t.test('every label of valid names is one that DNS takes', (t) => {
  fc.assert(
    fc.property(routes, (route) => {
      const label = formatLabel(route);
      return ldhLabel.test(label) && !label.startsWith('xn--');
    }),
  );
  t.end();
});

t.test('an environment name that is valid and fits stays as it is, but for case', (t) => {
  t.equal(envSlug('pr-42'), 'pr-42');
  t.equal(envSlug('PR-42'), 'pr-42');
  t.equal(envSlug('42'), '42');
  t.equal(envSlug('a'.repeat(40)), 'a'.repeat(40));
  t.equal(envSlug('a'.repeat(41)).length, 40);
  t.match(envSlug('a'.repeat(41)), /^a{33}-[a-z2-7]{6}$/);
  t.match(envSlug('Feature/Foo_Bar'), /^feature-foo-bar-[a-z2-7]{6}$/);
  t.match(envSlug('xn'), /^xn-[a-z2-7]{6}$/);
  t.match(envSlug('\u212a'), /^x-[a-z2-7]{6}$/, 'the Kelvin sign is no K');
  t.end();
});

t.test('a service name stays as it is if the whole label fits', (t) => {
  t.equal(serviceSlug('web', 'pr-42', 8080), 'web');
  t.equal(serviceSlug('Web', 'pr-42', undefined), 'web');
  t.match(serviceSlug('3000', 'pr-42', undefined), /^3000-[a-z2-7]{6}$/);
  t.match(serviceSlug('___', 'pr-42', undefined), /^x-[a-z2-7]{6}$/);
  t.match(serviceSlug('web-1/api', 'pr-42', undefined), /^web-1-api-[a-z2-7]{6}$/);
  t.equal(serviceSlug('s'.repeat(21), 'e'.repeat(40), undefined), 's'.repeat(21));
  t.match(serviceSlug('s'.repeat(22), 'e'.repeat(40), undefined), /^s{14}-[a-z2-7]{6}$/);
  t.match(serviceSlug('s'.repeat(15), 'e'.repeat(40), 65_535), /^s{7}-[a-z2-7]{6}$/);
  t.end();
});

t.test('whatever was asked for, the label is valid, fits, and leads back', (t) => {
  fc.assert(
    fc.property(originals, originals, ports, (envOriginal, serviceOriginal, port) => {
      const env = envSlug(envOriginal);
      const service = serviceSlug(serviceOriginal, env, port);
      const label = formatLabel({ env, service, port });
      t.ok(
        env.length <= maxEnvLength && isName(env) && isServiceName(service) && ldhLabel.test(label),
        label,
      );
      t.same(parseLabel(label), { env, service, port });
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('originals that differ by more than case do not meet', (t) => {
  const pairs = fc.tuple(originals, originals).filter(([a, b]) => a.toLowerCase() !== b.toLowerCase());
  fc.assert(
    fc.property(pairs, ports, ([a, b], port) => {
      t.not(envSlug(a), envSlug(b));
      t.not(serviceSlug(a, 'pr-42', port), serviceSlug(b, 'pr-42', port));
    }),
    { numRuns: 2000 },
  );
  const lookalikes = ['a/b', 'a-b', 'a_b', 'a--b', '/a/b', 'a/b/', 'a.b', 'a b'];
  t.equal(new Set(lookalikes.map(envSlug)).size, lookalikes.length);
  t.equal(new Set(['x'.repeat(50), 'x'.repeat(51), 'x'.repeat(52)].map(envSlug)).size, 3);
  t.end();
});

t.test('slugs are stable: a URL of today is a URL of tomorrow', (t) => {
  const hash = base32(createHash('sha256').update('Feature/Foo_Bar').digest()).slice(0, 6);
  t.equal(envSlug('Feature/Foo_Bar'), `feature-foo-bar-${hash}`);
  t.equal(envSlug(envSlug('Feature/Foo_Bar')), envSlug('Feature/Foo_Bar'));
  t.end();
});

t.test('a key id is 12 base32 characters of the SHA-256 of the key', (t) => {
  const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
  t.match(keyId(blob), /^[a-z2-7]{12}$/);
  t.equal(keyId(blob), base32(createHash('sha256').update(blob).digest()).slice(0, 12));
  t.end();
});

t.test('under open admission the name always ends in the key id, and cannot grow by being copied', (t) => {
  const id = keyId(Buffer.from('a key'));
  t.equal(openEnvName('pr-42', id), `pr-42-${id}`);
  t.equal(openEnvName(`PR-42-${id.toUpperCase()}`, id), `pr-42-${id}`);
  fc.assert(
    fc.property(originals, (user) => {
      const env = openEnvName(user, id);
      t.ok(isName(env) && env.length <= maxEnvLength && env.endsWith(`-${id}`), env);
      t.equal(openEnvName(env, id), env);
      t.equal(envSlug(env), env);
    }),
    { numRuns: 1000 },
  );
  t.not(openEnvName('pr-42', id), openEnvName('pr-42', keyId(Buffer.from('another key'))));
  t.end();
});

t.test('hosts of the gateway', (t) => {
  const route = { env: 'pr-42', service: 'web', port: undefined };
  const hosts = ['web--pr-42.preview.test', 'WEB--PR-42.Preview.Test', 'web--pr-42.preview.test:8443'];
  for (const host of [
    ...hosts,
    'web--pr-42.preview.test.',
    'web--pr-42.preview.test.:443',
    'web--pr-42.preview.test:',
  ]) {
    t.same(matchHost(host, 'preview.test'), { kind: 'label', label: 'web--pr-42', route }, host);
  }
  t.same(
    matchHost(hosts[0] ?? '', 'Preview.Test.'),
    { kind: 'label', label: 'web--pr-42', route },
    'the domain too',
  );
  for (const host of ['preview.test', 'PREVIEW.TEST:8443', 'preview.test.']) {
    t.same(matchHost(host, 'preview.test'), { kind: 'apex' }, host);
  }
  t.same(matchHost('pr_1.preview.test', 'preview.test'), { kind: 'bad-label', label: 'pr_1' });
  t.same(matchHost('pr-1.localhost:8443', 'localhost').kind, 'label');
  t.end();
});

t.test('hosts of others', (t) => {
  const hosts = [
    ...[
      '',
      '.',
      ':',
      'test',
      'example.com',
      'evilpreview.test',
      'preview.test.evil.com',
      '.preview.test',
      'preview.test..',
    ],
    ...[
      'a.b.preview.test',
      'a..preview.test',
      '[::1]:8443',
      '127.0.0.1',
      'preview.test:port',
      'preview.test:123456',
    ],
    ...['user@preview.test', 'a.preview.test:80:80', 'a.preview.test/', ' a.preview.test '],
  ];
  for (const host of hosts)
    t.same(matchHost(host, 'preview.test'), { kind: 'foreign' }, JSON.stringify(host));
  t.end();
});

t.test('any text is matched without a throw, and a label found is one that leads back', (t) => {
  const hosts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `${text}.preview.test`),
  );
  fc.assert(
    fc.property(hosts, (host) => {
      const match = matchHost(host, 'preview.test');
      return match.kind !== 'label' || formatLabel(match.route) === match.label;
    }),
  );
  t.end();
});
