import t from 'tap';
import { proofEntry } from '../../../server/access/proof-audit.ts';

const place = { env: 'pr-1', service: 'web', access: 'private', owner: 'ana', from: undefined } as const;
const shown = { place, address: '192.0.2.1', at: 5 };

t.test('what was found is told, by what was shown', async (t) => {
  const proven = { kind: 'proven', grantId: 'abc', untilMs: 9 } as const;
  t.same(proofEntry(proven, { ...shown, kind: 'password' }), {
    at: 5,
    address: '192.0.2.1',
    target: 'pr-1',
    action: 'password.use',
    result: 'ok',
    detail: { id: 'abc', service: 'web' },
  });
  t.match(proofEntry({ ...proven, grantId: undefined }, { ...shown, kind: 'machine' }), {
    action: 'machine-token.use',
    detail: { service: 'web' },
  });
  const wrong = { kind: 'wrong', untilMs: 9, told: false } as const;
  t.match(proofEntry(wrong, { ...shown, kind: 'machine' }), {
    action: 'machine-token.refused',
    result: 'refused',
  });
});

t.test('when there was no time to look, there is nothing to tell', async (t) => {
  t.equal(proofEntry({ kind: 'busy', untilMs: 9 }, { ...shown, kind: 'password' }), undefined);
});
