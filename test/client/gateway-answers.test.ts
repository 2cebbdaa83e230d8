import fc from 'fast-check';
import t from 'tap';
import { parseHello, parseStatus } from '../../client/gateway-answers.ts';

t.test('hello', async (t) => {
  const hello = parseHello(
    '{"clientId":"k","env":"pr-1","tunnels":{"/web":"https://web--pr-1.x/","/bad":7},"more":1}\r\n',
  );
  t.same(hello, {
    env: 'pr-1',
    clientId: 'k',
    tunnels: new Map([['/web', 'https://web--pr-1.x/']]),
    nodes: 1,
  });
  for (const [nodes, read] of [
    [3, 3],
    ['3', 1],
    [0, 1],
    [1.5, 1],
  ])
    t.equal(parseHello(JSON.stringify({ env: 'x', tunnels: {}, nodes }))?.nodes, read);
  for (const text of ['', 'null', '[]', '{}', '{"env":1,"tunnels":{}}', '{"env":"x","tunnels":[]}', '{'])
    t.equal(parseHello(text), undefined, text);
});

t.test('status', async (t) => {
  const status = parseStatus(
    JSON.stringify({
      env: 'pr-1',
      forwards: [
        {
          request: '/web',
          url: 'https://web',
          service: 'web',
          port: 8080,
          access: 'private',
          state: 'ready',
          shareUrl: 'https://share',
        },
        { request: '/', url: 'https://own', service: null, port: null },
        { nonsense: true },
        null,
      ],
      refused: [{ request: '/api', reason: 'taken' }, { request: '/x' }, {}],
    }),
  );
  t.match(status?.forwards, [
    {
      request: '/web',
      service: 'web',
      port: 8080,
      access: 'private',
      state: 'ready',
      shareUrl: 'https://share',
    },
    { request: '/', service: undefined, port: undefined, access: undefined },
  ]);
  t.equal(status?.forwards.length, 2);
  t.same(status?.refused, [
    { request: '/api', reason: 'taken' },
    { request: '/x', reason: 'no reason given' },
  ]);
  for (const text of ['', '7', '{"env":7}']) t.equal(parseStatus(text), undefined, text);
  t.same(parseStatus('{"env":"x","forwards":7}'), { env: 'x', forwards: [], refused: [] });
});

t.test('whatever a gateway says, it is read without a throw', async () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      parseHello(text);
      parseStatus(text);
    }),
  );
});
