import fc from 'fast-check';
import t from 'tap';
import { preflightHeaders } from '../../../server/access/preflight.ts';
import { noContext, placeAt } from '../../support/door.ts';

const rules = {
  domain: 'preview.example.com',
  publicAddress: { protocol: 'https', port: 443 },
  allowedOrigins: ['https://storybook.example.org'],
  embedOrigins: ['https://board.example.org'],
} as const;
const origin = 'https://web--pr-42.preview.example.com';
const good = { origin, corsMethod: 'PUT', corsHeaders: 'content-type, X-A' };

const ask = (context = {}, more = {}): readonly string[] | undefined =>
  preflightHeaders(
    {
      method: 'OPTIONS',
      place: placeAt('api--pr-42'),
      upgrade: false,
      ...more,
      context: { ...noContext, ...good, ...context },
    },
    rules,
  );

t.test('a page of the environment may call it, with what it asks for', async (t) => {
  t.same(ask(), [
    ...['Access-Control-Allow-Origin', origin],
    ...['Access-Control-Allow-Credentials', 'true'],
    ...['Access-Control-Allow-Methods', 'PUT'],
    ...['Access-Control-Allow-Headers', 'content-type, X-A'],
    ...['Access-Control-Max-Age', '600'],
    ...['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
  ]);
  t.notOk(ask({ corsHeaders: undefined })?.includes('Access-Control-Allow-Headers'));
  t.ok(ask({ origin: 'https://storybook.example.org' }));
});

t.test('whether it is there or not', async (t) => {
  t.same(ask({}, { place: placeAt('api--pr-42', { owner: undefined }) }), ask());
});

t.test('others may not, and what is no preflight is none', async (t) => {
  for (const other of [
    undefined,
    'null',
    'https://web--evil.preview.example.com',
    'https://board.example.org',
  ])
    t.equal(ask({ origin: other }), undefined, String(other));
  for (const method of ['GET', 'POST', 'options']) t.equal(ask({}, { method }), undefined, method);
  t.equal(ask({ corsMethod: undefined }), undefined);
  t.equal(ask({}, { upgrade: true }), undefined);
});

t.test('nothing but names comes back, and not too many', async (t) => {
  for (const corsMethod of ['', 'A B', 'A\r\nB', 'A,B', 'é', 'A'.repeat(65)])
    t.equal(ask({ corsMethod }), undefined, corsMethod.slice(0, 9));
  for (const corsHeaders of ['a b', 'a\r\nb: c', 'a, b:c', 'a,'.repeat(2000)])
    t.equal(ask({ corsHeaders }), undefined, corsHeaders.slice(0, 9));
  fc.assert(
    fc.property(fc.string(), fc.string(), (corsMethod, corsHeaders) => {
      return (ask({ corsMethod, corsHeaders }) ?? []).every((value) => /^[\x20-\x7e]+$/.test(value));
    }),
  );
});
