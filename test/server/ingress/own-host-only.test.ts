import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ownHostOnly } from '../../../server/ingress/own-host-only.ts';

const host = 'web--pr-1.preview.test';

function narrow(name: string, value: string): string | undefined {
  const found = ownHostOnly.get(name);
  if (found === undefined) throw new Error(`nothing narrows ${name}`);
  return found(value, host);
}

function table(t: Test, name: string, cases: readonly (readonly [string, string | undefined])[]): void {
  for (const [value, expected] of cases) t.equal(narrow(name, value), expected, value);
}

t.test('HSTS: how long, and nothing else', async (t) => {
  table(t, 'strict-transport-security', [
    ['max-age=1', 'max-age=1'],
    ['max-age=31536000; includeSubDomains; preload', 'max-age=31536000'],
    ['includeSubDomains; MAX-AGE = "0"', 'max-age="0"'],
    ['includeSubDomains=; max-age=5', 'max-age=5'],
    ['includeSubDomains', undefined],
    ['x-max-age=5', undefined],
    ['max-age=abc', undefined],
    ['', undefined],
  ]);
});

t.test('Clear-Site-Data: what is of the origin', async (t) => {
  table(t, 'clear-site-data', [
    ['"cache"', '"cache"'],
    ['"cache","storage"', '"cache", "storage"'],
    ['"*"', '"cache", "storage", "executionContexts"'],
    ['"cookies"', undefined],
    ['"cookies", "cache"', '"cache"'],
    ['"storage" , "*"', '"storage", "cache", "executionContexts"'],
    ['"COOKIES"', undefined],
    ['cookies', undefined],
    ['*', undefined],
    ['" * "', undefined],
    ['"cache" "cookies"', undefined],
    ['"cache\\"", "cookies', undefined],
    ['"somethingNew"', undefined],
    ['', undefined],
  ]);
});

t.test('Clear-Site-Data: whatever is sent, cookies stay', async () => {
  const piece = fc.constantFrom(
    '"',
    '*',
    'cookies',
    'cache',
    ',',
    ' ',
    '\\',
    '"cookies"',
    '"*"',
    '"cache"',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const left = narrow('clear-site-data', pieces.join('')) ?? '';
      return !/cookies|\*/i.test(left) && /^(?:"[a-zA-Z]+"(?:, "[a-zA-Z]+")*)?$/.test(left);
    }),
  );
});

t.test('Service-Worker-Allowed: a path on the same host', async (t) => {
  table(t, 'service-worker-allowed', [
    ['/', '/'],
    [' /app/ ', '/app/'],
    ['/app/?v=1', '/app/?v=1'],
    ['./', './'],
    ['app/', 'app/'],
    ['https://web--pr-1.preview.test/', undefined],
    ['https:/', undefined],
    ['https://other.preview.test/', undefined],
    ['//other.preview.test/', undefined],
    ['/\\other.preview.test/', undefined],
    ['\\\\other.preview.test/', undefined],
    ['javascript:alert(1)', undefined],
    ['/app/../', undefined],
    ['..', undefined],
    ['/%2E./x', undefined],
    ['/a b', undefined],
    ['/caf\u00e9', undefined],
    ['', undefined],
  ]);
});

t.test('Service-Worker-Allowed: never another origin', async () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    ':',
    '.',
    '..',
    'https',
    'other.preview.test',
    '@',
    '%2f',
    '%5c',
    '\t',
    '#',
    '?',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const left = narrow('service-worker-allowed', pieces.join(''));
      if (left === undefined) return true;
      return new URL(left, `https://${host}/sub/sw.js`).host === host;
    }),
  );
});

t.test('reports: of the own host', async (t) => {
  for (const name of ['nel', 'report-to']) {
    table(t, name, [
      ['{"report_to":"a","max_age":1}', '{"report_to":"a","max_age":1,"include_subdomains":false}'],
      ['{"include_subdomains":true,"max_age":1}', '{"include_subdomains":false,"max_age":1}'],
      ['{"include_subdomains":false,"include_subdomains":true}', '{"include_subdomains":false}'],
      ['{"include_subdomain\\u0073":true}', '{"include_subdomains":false}'],
      [
        '{"group":"a"}, {"group":"b"}',
        '{"group":"a","include_subdomains":false}, {"group":"b","include_subdomains":false}',
      ],
      ['{"group":"\\u20ac"}', '{"group":"\\u20ac","include_subdomains":false}'],
      ['{"group":', undefined],
      ['[]', undefined],
      ['1', undefined],
      ['null', undefined],
      ['', undefined],
    ]);
  }
});
