import fc from 'fast-check';
import t from 'tap';
import type { HttpResult } from '../../../client/http-ask.ts';
import { judgeAnswer } from '../../../client/wait/judge-answer.ts';

function answered(status: number, body: unknown = '', headers: Record<string, string> = {}): HttpResult {
  return { kind: 'answered', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function failed(code: string): HttpResult {
  return { kind: 'failed', code, reason: `it failed with ${code}` };
}

t.test('what an answer means', (t) => {
  const offline = { code: 'ERR_ENV_OFFLINE', message: 'It is offline.', state: 'offline' };
  const cases: [string, HttpResult, object][] = [
    ['ready', answered(200, { env: 'pr-1', state: 'ready' }), { kind: 'ready', env: 'pr-1' }],
    ['another server', answered(200, '<html>'), { kind: 'hopeless', truth: { code: 'NO_GATEWAY' } }],
    [
      'a redirect',
      answered(308, '', { location: 'https://x/' }),
      { kind: 'hopeless', truth: { code: 'MOVED', reason: /https:\/\/x\// } },
    ],
    [
      'offline',
      answered(503, offline, { 'porthole-error': 'ERR_ENV_OFFLINE', 'retry-after': '3' }),
      {
        kind: 'not-yet',
        retryMs: 3000,
        truth: { code: 'ERR_ENV_OFFLINE', reason: 'It is offline.', state: 'offline' },
      },
    ],
    [
      'a long pause',
      answered(503, '', { 'porthole-error': 'ERR_BUSY', 'retry-after': '600' }),
      { kind: 'not-yet', retryMs: 5000 },
    ],
    [
      'no pause',
      answered(503, '', { 'porthole-error': 'ERR_BUSY', 'retry-after': '0' }),
      { kind: 'not-yet', retryMs: 1000 },
    ],
    [
      'unknown',
      answered(404, '', { 'porthole-error': 'ERR_ENV_UNKNOWN' }),
      { kind: 'not-yet', retryMs: 1000 },
    ],
    ['a proxy in between', answered(502, '<html>'), { kind: 'not-yet', truth: { code: 'HTTP_502' } }],
    ['no such question', answered(404, '', { 'porthole-error': 'ERR_NOT_FOUND' }), { kind: 'hopeless' }],
    ['nobody listens', failed('ECONNREFUSED'), { kind: 'not-yet', truth: { code: 'ECONNREFUSED' } }],
    ['no such host', failed('ENOTFOUND'), { kind: 'not-yet' }],
    [
      'another authority',
      failed('SELF_SIGNED_CERT_IN_CHAIN'),
      { kind: 'hopeless', truth: { reason: /--ca/ } },
    ],
    ['another name', failed('ERR_TLS_CERT_ALTNAME_INVALID'), { kind: 'hopeless' }],
    ['expired', failed('CERT_HAS_EXPIRED'), { kind: 'hopeless' }],
  ];
  for (const [name, result, verdict] of cases) t.match(judgeAnswer(result), verdict, name);
  t.end();
});

t.test('nothing that a server says breaks it, or the terminal', (t) => {
  const headers = fc.dictionary(fc.constantFrom('porthole-error', 'retry-after', 'location'), fc.string());
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(fc.json(), fc.string()),
      headers,
      (status, body, head) => {
        const verdict = judgeAnswer(answered(status, body, head));
        if (verdict.kind === 'ready') return;
        t.notMatch(verdict.truth.reason + verdict.truth.code, /\p{Cc}/u);
      },
    ),
  );
  t.end();
});
