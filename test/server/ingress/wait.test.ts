import fc from 'fast-check';
import t from 'tap';
import { readWaitRequest } from '../../../server/ingress/wait.ts';

t.test('reads what to wait for, and how long', async (t) => {
  const cases: [string, number | undefined][] = [
    ['', 60_000],
    ['?state=ready&timeout=60', 60_000],
    ['?timeout=1', 1000],
    ['?timeout=300', 300_000],
    ['?other=1', 60_000],
    ['?timeout=0', undefined],
    ['?timeout=301', undefined],
    ['?timeout=-1', undefined],
    ['?timeout=1.5', undefined],
    ['?timeout=60s', undefined],
    ['?timeout=', undefined],
    ['?timeout=1&timeout=2', undefined],
    ['?state=offline', undefined],
    ['?state=', undefined],
    ['?state=ready&state=gone', undefined],
  ];
  for (const [query, expected] of cases) {
    const request = readWaitRequest(`/_porthole/wait${query}`);
    t.equal(request.ok ? request.timeoutMs : undefined, expected, query);
  }
});

t.test('any query is bounded or refused', async () => {
  fc.assert(
    fc.property(fc.webQueryParameters(), fc.string(), (query, timeout) => {
      const request = readWaitRequest(`/_porthole/wait?${query}&timeout=${timeout}`);
      return !request.ok || (request.timeoutMs >= 1000 && request.timeoutMs <= 300_000);
    }),
  );
});
