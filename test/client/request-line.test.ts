import fc from 'fast-check';
import t from 'tap';
import { parseRequestLine } from '../../client/request-line.ts';

const line = {
  time: '2026-01-02T03:04:05.000Z',
  service: 'web',
  method: 'GET',
  path: '/',
  status: 200,
  ms: 1.5,
};

t.test('a line of the feed', async (t) => {
  t.same(parseRequestLine(JSON.stringify(line)), {
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    service: 'web',
    method: 'GET',
    path: '/',
    status: 200,
    ms: 1.5,
  });
  t.equal(parseRequestLine(JSON.stringify({ ...line, service: null }))?.service, undefined);
  t.equal(parseRequestLine(JSON.stringify({ ...line, path: '/\u001b[2J' }))?.path, '/?[2J');
});

t.test('anything else is none', async (t) => {
  for (const wrong of [
    { ...line, time: 'x' },
    { ...line, status: '200' },
    { ...line, ms: null },
    { ...line, path: 1 },
    { ...line, method: undefined },
    { leftOut: 3 },
    [],
    null,
  ])
    t.equal(parseRequestLine(JSON.stringify(wrong)), undefined);
  fc.assert(fc.property(fc.string(), (text) => parseRequestLine(text) === undefined));
});
