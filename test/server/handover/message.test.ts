import fc from 'fast-check';
import t from 'tap';
import { readMessage, writeMessage, type Message } from '../../../server/handover/message.ts';

const address = fc.record({ host: fc.string({ maxLength: 255 }), port: fc.integer({ min: 1, max: 65_535 }) });
const addresses = fc.array(address, { maxLength: 4 });
const places = fc.record({ shared: addresses, ssh: addresses, http: addresses, metrics: addresses });
const identity = { pid: fc.integer({ min: 1, max: 2 ** 31 }), version: fc.string({ maxLength: 64 }) };
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), ...identity }),
  fc.record({ kind: fc.constant('granted' as const), ...identity, places }),
  fc.record({ kind: fc.constant('refused' as const), reason: fc.string({ maxLength: 1000 }) }),
  fc.constantFrom({ kind: 'serving' as const }, { kind: 'released' as const }),
);

t.test('every message is read as it was written, in one line', async (t) => {
  fc.assert(
    fc.property(message, (said) => {
      const line = writeMessage(said);
      t.notOk(line.includes('\n'));
      t.same(readMessage(line), said);
    }),
    { numRuns: 50 },
  );
});

t.test('what is no message is told apart', async (t) => {
  const nonsense = [
    '',
    'GET / HTTP/1.1',
    'null',
    '1',
    '{}',
    '{"v":1}',
    '{"v":1,"kind":"destroy"}',
    '{"v":1,"kind":"replace","pid":-1,"version":"1"}',
    '{"v":1,"kind":"granted","pid":1,"version":"1","places":{"shared":[{"host":"a","port":0}],"ssh":[],"http":[],"metrics":[]}}',
    `{"v":1,"kind":"refused","reason":"${'x'.repeat(1001)}"}`,
  ];
  for (const line of nonsense) t.same(readMessage(line), { kind: 'nonsense' }, line.slice(0, 40));
  t.same(readMessage('{"v":2,"kind":"replace","pid":1,"version":"9"}'), { kind: 'foreign' });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      t.ok(readMessage(line).kind);
    }),
    { numRuns: 100 },
  );
});
