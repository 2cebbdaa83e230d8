import t from 'tap';
import { markup } from '../../../server/pages/html.ts';
import { pageAnswer } from '../../../server/pages/page-answer.ts';

const page = { status: 200, requestId: 'r-1', title: 'T', main: markup`<h1>T</h1>` };

function fields(headers: readonly string[]): Map<string, string> {
  return new Map(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])));
}

t.test('a page of its own cannot be framed, opened into, kept, or told on', async (t) => {
  const { headers, status, code } = pageAnswer(page);
  const all = fields(headers);
  t.same([status, code], [200, undefined]);
  t.equal(all.get('X-Frame-Options'), 'DENY');
  t.equal(all.get('Cross-Origin-Opener-Policy'), 'same-origin');
  t.equal(all.get('Referrer-Policy'), 'no-referrer');
  t.equal(all.get('Cache-Control'), 'no-store');
  t.match(
    all.get('Content-Security-Policy'),
    /default-src 'none'.*form-action 'none'; frame-ancestors 'none'/,
  );
  t.notOk(all.has('Porthole-Error'));
});

t.test('what it needs is allowed, and nothing else', async (t) => {
  const form = fields(
    pageAnswer({ ...page, forms: ['https://a.test'], code: 'ERR_LOGIN_REQUIRED', status: 401 }).headers,
  );
  t.equal(form.get('Referrer-Policy'), 'same-origin');
  t.match(form.get('Content-Security-Policy'), 'form-action https://a.test;');
  t.equal(form.get('Porthole-Error'), 'ERR_LOGIN_REQUIRED');
  t.equal(form.get('Porthole-Error-Id'), 'r-1');
  const framed = fields(pageAnswer({ ...page, framedBy: ['https://b.test'], opener: true }).headers);
  t.notOk(framed.has('X-Frame-Options'));
  t.notOk(framed.has('Cross-Origin-Opener-Policy'));
  t.match(framed.get('Content-Security-Policy'), /frame-ancestors https:\/\/b\.test$/);
});
