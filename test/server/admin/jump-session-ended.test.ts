import t from 'tap';
import type { AuditLine } from '../../../server/store/audit-entry.ts';
import { givenAt } from '../../support/admin-setting.ts';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { targetId } from '../../support/memory-book.ts';

function closed(id: number, overrides: Partial<AuditLine> = {}): AuditLine {
  return {
    ...{ id, at: givenAt, principal: 'ana', fingerprint: 'SHA256:a', address: '192.0.2.7', result: 'ok' },
    ...{ action: 'gate.close', target: 'pr-42' },
    detail: {
      ...{ session: `session${String(id)}`, env: 'pr-42', service: 'ssh', gate: 'default', by: 'member' },
      ...{ bytesUp: 1, bytesDown: 2, ms: 60_000, reason: 'ended' },
    },
    ...overrides,
  };
}

const lines = [
  closed(1),
  closed(2, {
    target: 'shop',
    detail: {
      session: 'x',
      env: 'pr-7',
      service: 'default',
      port: 8080,
      target: targetId(7),
      reason: 'killed',
    },
  }),
  closed(3, { principal: 'eve' }),
];
const environments = { 'pr-42': 'vm', 'pr-7': 'ben' };

t.test('the newest first, as far as it concerns whoever asks', async (t) => {
  const { run } = gateSetting({ environments, lines });
  const read = async (words: string, as?: ReturnType<typeof member>): Promise<{ id: string }[]> =>
    JSON.parse((await run(`sessions --ended ${words}--json`, as)).stdout.join('')) as { id: string }[];
  t.match(await read(''), [
    { id: 'session3', principal: 'eve' },
    {
      ...{ id: 'x', env: 'pr-7', service: null, port: 8080, target: { id: targetId(7), name: 'shop' } },
      ...{ reason: 'killed', ms: 0, bytesUp: 0, gate: '' },
    },
    {
      ...{
        id: 'session1',
        service: 'ssh',
        target: null,
        since: '2026-11-22T14:59:00.000Z',
        from: '192.0.2.7',
      },
      ...{ ended: '2026-11-22T15:00:00.000Z', bytesDown: 2, reason: 'ended' },
    },
  ]);
  t.equal((await read('--limit 2 ')).length, 2);
  t.match(await read('--principal eve '), [{ id: 'session3' }]);
  t.match(await read('--limit 1 ', member('ana')), [{ id: 'x' }]);
  t.match(await read('', member('ben')), [{ id: 'x' }]);
  t.same(await read('', member('bob')), []);
});

t.test('for people', async (t) => {
  const { run } = gateSetting({ environments, lines: [...lines, closed(4, { detail: {} })] });
  t.match(await run('sessions --ended'), {
    stdout: [
      /WHY IT ENDED$/,
      /pr-42/,
      /^session3 +eve/,
      /^x +ana +\S+ +shop:8080 .* killed$/,
      /60 seconds +1 B up/,
    ],
  });
  t.match(await gateSetting().run('sessions --ended'), { stdout: [], stderr: [/no session has ended/] });
});
