import t from 'tap';
import { errorTable } from '../../../core/errors.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import type { Answer } from '../../../server/pages/answer.ts';
import { errorAnswer } from '../../../server/ingress/error-answer.ts';
import type { Failure } from '../../../server/ingress/failure.ts';

function headersOf(answer: Answer): Record<string, string> {
  const result: Record<string, string> = {};
  for (let i = 0; i < answer.headers.length; i += 2) {
    const name = answer.headers[i]!.toLowerCase();
    if (name in result) throw new Error(`${name} comes twice`);
    result[name] = answer.headers[i + 1]!;
  }
  return result;
}

const failure: Failure = {
  code: 'ERR_ENV_OFFLINE',
  reason: 'pr-1 is <offline>.',
  retryAfterSeconds: 5,
  state: 'offline',
  sinceMs: Date.parse('2026-01-01T10:00:00Z'),
  lastSeenAt: Date.parse('2026-01-01T10:00:01Z'),
  facts: [{ field: 'forward', label: 'Forward', value: '-R web:80' }],
  services: [{ name: 'web--pr-1', url: 'https://web--pr-1.test/' }],
  waitsUntil: 'it is back',
};

t.test('every form carries the status, the code, the id, and is kept by nobody', async (t) => {
  for (const accept of ['text/html', 'application/json', '*/*']) {
    const answer = errorAnswer(failure, { accept, requestId: 'id-1' });
    t.equal(answer.status, 503);
    t.equal(answer.code, 'ERR_ENV_OFFLINE');
    t.match(headersOf(answer), {
      'porthole-error': 'ERR_ENV_OFFLINE',
      'porthole-error-id': 'id-1',
      'retry-after': '5',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-length': String(answer.body.length),
      vary: 'Accept',
    });
    t.ok(answer.body.includes('id-1'), 'the error id can be read');
  }
});

t.test('JSON for programs', async (t) => {
  const answer = errorAnswer(failure, { accept: 'application/json', requestId: 'id-1' });
  t.match(headersOf(answer)['content-type'], /^application\/json/);
  t.match(JSON.parse(answer.body.toString()), {
    code: 'ERR_ENV_OFFLINE',
    status: 503,
    message: 'pr-1 is <offline>.',
    id: 'id-1',
    retryAfterSeconds: 5,
    state: 'offline',
    since: '2026-01-01T10:00:00.000Z',
    lastSeen: '2026-01-01T10:00:01.000Z',
    forward: '-R web:80',
    services: [{ name: 'web--pr-1', url: 'https://web--pr-1.test/' }],
  });
});

t.test('a page for browsers, with a policy, and everything escaped', async (t) => {
  const answer = errorAnswer(failure, { accept: 'text/html', requestId: 'id-1' });
  const html = answer.body.toString();
  t.match(headersOf(answer), {
    'content-type': /^text\/html/,
    'content-security-policy': /default-src 'none'/,
  });
  t.ok(html.includes('pr-1 is &#60;offline&#62;.'));
  t.ok(html.includes('2026-01-01T10:00:01.000Z'));
  t.ok(html.includes('-R web:80'));
  t.ok(html.includes('/_porthole/wait'), 'it reloads itself');
  const posted = errorAnswer(failure, { accept: 'text/html', requestId: 'x', method: 'POST' });
  t.match(posted.body.toString(), 'data-then="tell"', 'but does not send a form again');
  const seenNow = { accept: 'text/html', requestId: 'x', nowMs: Date.parse('2026-01-01T10:05:01Z') };
  t.match(errorAnswer(failure, seenNow).body.toString(), '>5 minutes ago<');
  t.notOk(
    errorAnswer({ code: 'ERR_BUSY' }, { accept: 'text/html', requestId: 'x' }).body.includes('<script'),
  );
});

t.test('a line of text for the rest', async (t) => {
  const text = errorAnswer(failure, { accept: '', requestId: 'id-1' }).body.toString();
  t.match(text, /^ERR_ENV_OFFLINE: pr-1 is <offline>\. /);
  t.match(text, 'https://web--pr-1.test/');
});

t.test('each code has its own sentence and its own status', async (t) => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const answer = errorAnswer({ code }, { accept: '', requestId: 'x' });
    t.equal(answer.status, errorTable[code].status);
    t.ok(answer.body.includes(errorTable[code].message), code);
  }
  t.match(headersOf(errorAnswer({ code: 'ERR_METHOD_REFUSED' }, { accept: '', requestId: 'x' })), {
    allow: /GET/,
  });
});
