import t from 'tap';
import { beginAnew, redirectTo } from '../../../server/login/going-on.ts';
import { endpointCall } from '../../support/endpoint-call.ts';

const url = 'https://a.test/?b=1&c=%22';

t.test('a program is redirected, with its cookies', async (t) => {
  for (const answer of [
    redirectTo(url, ['Set-Cookie', 'a=b']),
    beginAnew(endpointCall(), url, ['Set-Cookie', 'a=b']),
  ]) {
    t.match(answer, { kind: 'answer', answer: { status: 303 } });
    if (answer.kind !== 'answer') return;
    const { headers } = answer.answer;
    t.equal(headers[headers.indexOf('Location') + 1], url);
    t.equal(headers[headers.indexOf('Set-Cookie') + 1], 'a=b');
  }
});

t.test('a browser gets a page that goes on by itself, in whatever window', async (t) => {
  const call = endpointCall({ headers: { secFetchMode: 'navigate' } });
  const answer = beginAnew(call, url, ['Set-Cookie', 'a=b']);
  if (answer.kind !== 'answer') throw new Error(answer.kind);
  const { status, headers, body } = answer.answer;
  t.equal(status, 200);
  t.match(body.toString(), '<meta http-equiv="refresh" content="0;url=https://a.test/?b=1&#38;c=%22">');
  t.match(body.toString(), '<a href="https://a.test/?b=1&#38;c=%22">');
  t.ok(headers.includes('a=b'));
  t.notOk(headers.includes('Cross-Origin-Opener-Policy'));
});
