import t from 'tap';
import { refusedEntry } from '../../../server/gate/jump-audit.ts';
import { FakeJump } from '../../support/jump-setting.ts';

t.test('a refusal, and what only did not come about', async (t) => {
  const jump = new FakeJump('db.pr-1', 5432);
  const address = { name: 'pr-1', service: 'db', port: 5432 };
  const refusal = { code: 'ERR_GATE_REFUSED', reason: 'not you' } as const;
  t.same(refusedEntry(jump, { address, refusal, at: 7 }), {
    ...{ at: 7, principal: 'ana', fingerprint: 'SHA256:ana', address: '192.0.2.7' },
    ...{ action: 'gate.refused', target: 'pr-1', result: 'refused' },
    detail: { code: 'ERR_GATE_REFUSED', reason: 'not you', host: 'db.pr-1', port: 5432 },
  });
  const offline = { code: 'ERR_TARGET_OFFLINE', reason: 'gone' } as const;
  t.match(refusedEntry(jump, { address: undefined, refusal: offline, at: 7 }), {
    target: 'db.pr-1',
    result: 'failed',
  });
});
