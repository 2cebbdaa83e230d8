import t from 'tap';
import { envSlug, isReservedLabel } from '../../core/names.ts';

t.test('labels that nobody can claim, in any case', (t) => {
  const reserved = [
    ...[
      'www',
      'api',
      'auth',
      'admin',
      'console',
      'gate',
      'gateway',
      'localhost',
      'mail',
      'login',
      'logout',
      'static',
      'assets',
    ],
    ...[
      'status',
      'metrics',
      'health',
      'healthz',
      'readyz',
      'porthole',
      '_acme-challenge',
      'wpad',
      'autodiscover',
      'WWW',
    ],
  ];
  for (const label of reserved) t.equal(isReservedLabel(label), true, label);
  t.end();
});

t.test('names that people give their environments are free', (t) => {
  for (const label of [
    '',
    'pr-42',
    'main',
    'demo',
    'dev',
    'staging',
    'web',
    'app',
    'test',
    'docs',
    'api-2',
    'www-pr-1',
  ]) {
    t.equal(isReservedLabel(label), false, label);
  }
  t.end();
});

t.test('names of objects are not reserved by accident', (t) => {
  for (const label of ['constructor', '__proto__', 'has']) t.equal(isReservedLabel(label), false, label);
  t.end();
});

t.test('no slug of a reserved label is reserved', (t) => {
  t.equal(isReservedLabel(envSlug('_acme-challenge')), false);
  t.end();
});
