import t from 'tap';
import { answerRefusal, detourAnswer } from '../../../server/ingress/access-answer.ts';
import type { Refusal } from '../../../server/ingress/access-answer.ts';
import { readRequestHead } from '../../../server/ingress/read-head.ts';
import { RequestHead } from '../../../server/ingress/request-head.ts';

function head(headers: Record<string, string> = {}, target = '/', method = 'GET'): RequestHead {
  const read = readRequestHead(
    {
      ...{ method, target, version: '1.1', authority: undefined, hasBody: false },
      rawHeaders: ['Host', 'web--pr-1.preview.test', ...Object.entries(headers).flat()],
    },
    { maxHeaderBytes: 32_768 },
  );
  if (!(read instanceof RequestHead)) throw new Error(read.reason);
  return read;
}

const json = 'application/json';
const page = { Accept: 'text/html' };
const handOver: Refusal = { kind: 'hand-over', location: 'https://x.test/login', setCookies: ['a=1', 'b=2'] };
const login: Refusal = { kind: 'login', challenges: ['Bearer', 'Basic'] };

t.test('a preflight is answered without a body, and without its length', async (t) => {
  const answer = answerRefusal({ kind: 'preflight', headers: ['A', 'b'] }, head({}, '/', 'OPTIONS'), false);
  t.match(answer, { status: 204, code: undefined });
  t.same('headers' in answer && answer.headers.slice(-2), ['A', 'b']);
  t.notOk('headers' in answer && answer.headers.includes('Content-Length'));
});

t.test('a redirection is kept by nobody, and sets each cookie by itself', async (t) => {
  for (const answer of [answerRefusal(handOver, head(page), false), detourAnswer(handOver)]) {
    if ('failure' in answer) throw new Error('not an answer');
    t.equal(answer.status, 303);
    t.match(answer.headers.join('|'), /Location\|https:\/\/x.test\/login\|Set-Cookie\|a=1\|Set-Cookie\|b=2/);
    t.match(answer.headers.join('|'), /Cache-Control\|no-store/);
  }
});

t.test('scripts and programs get JSON whatever they would take, people a page', async (t) => {
  const forms: [Record<string, string>, string][] = [
    [{}, json],
    [{ Accept: '*/*' }, json],
    [{ Accept: 'text/event-stream' }, json],
    [{ Accept: 'image/avif,image/webp,*/*;q=0.8' }, json],
    [{ Accept: 'text/html', 'Sec-Fetch-Mode': 'cors' }, json],
    [{ Accept: 'text/html', Connection: 'Upgrade', Upgrade: 'websocket' }, json],
    [{ Accept: 'text/plain, application/json' }, json],
    [{ Accept: 'text/plain' }, ''],
    [page, 'text/html'],
    [{ Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }, 'text/html'],
  ];
  const refusals: Refusal[] = [login, { kind: 'origin' }, { kind: 'limited', retryAfterSeconds: 3 }];
  for (const [headers, accept] of forms) {
    for (const refusal of refusals) {
      t.match(answerRefusal(refusal, head(headers), false), { accept }, JSON.stringify(headers));
    }
  }
  const form = head({ Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }, '/', 'POST');
  t.match(answerRefusal(login, form, false), { accept: 'text/html' }, 'who sends a form is a person');
});

t.test('each refusal has its code', async (t) => {
  t.match(answerRefusal(login, head(), false), {
    failure: {
      code: 'ERR_LOGIN_REQUIRED',
      headers: ['WWW-Authenticate', 'Bearer', 'WWW-Authenticate', 'Basic'],
    },
  });
  t.match(answerRefusal({ kind: 'unknown' }, head(), false), { failure: { code: 'ERR_ENV_UNKNOWN' } });
  t.match(answerRefusal({ kind: 'origin' }, head(), false), { failure: { code: 'ERR_ORIGIN_REFUSED' } });
  t.match(answerRefusal({ kind: 'limited', retryAfterSeconds: 3 }, head(), false), {
    failure: { code: 'ERR_LIMIT', retryAfterSeconds: 3 },
  });
});

t.test('where strangers wait, they wait, and are told how to get in', async (t) => {
  t.match(answerRefusal(handOver, head(page), true), {
    accept: 'text/html',
    failure: {
      code: 'ERR_ENV_UNKNOWN',
      signIn: 'https://x.test/login',
      waitsUntil: 'it is there',
      headers: ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    },
  });
  for (const query of ['porthole-share=a.b', 'x=1&porthole-token=pht_a.b', 'Porthole%2DShare=a.b'])
    t.match(answerRefusal(handOver, head(page, `/?${query}`), true), { status: 303 }, query);
  t.match(answerRefusal(login, head(), true), {
    accept: '',
    failure: {
      code: 'ERR_ENV_UNKNOWN',
      headers: ['WWW-Authenticate', 'Bearer', 'WWW-Authenticate', 'Basic'],
    },
  });
  t.match(answerRefusal({ kind: 'unknown' }, head(), true), { failure: { waitsUntil: 'it is there' } });
});
