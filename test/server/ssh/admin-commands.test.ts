import t from 'tap';
import { callerNow } from '../../../server/ssh/admin-commands.ts';
import { defaultKeyRules } from '../../../server/identity/key-record.ts';
import type { Admission } from '../../../server/identity/admission.ts';
import { identityOf } from '../../support/admin-setting.ts';

const key = { type: 'ssh-ed25519', blob: Buffer.of(1) };
const identity = identityOf({ principal: 'ana', role: 'admin' });

function now(admission: Admission): unknown {
  return callerNow({ identity, key }, { admissions: { admit: () => admission }, remoteAddress: '192.0.2.1' });
}

t.test('a command is given by what the key is now', (t) => {
  const lesser = { ...identity, role: 'machine' } as const;
  t.same(now({ kind: 'admitted', identity: lesser }), {
    ok: true,
    value: { identity: lesser, address: '192.0.2.1', key: { ...key, rules: defaultKeyRules } },
  });
  const rules = { touchRequired: false, verifyRequired: true };
  const fido = now({ kind: 'admitted', identity, securityKey: { ...rules, lastCounter: 7 } });
  t.match(fido, { value: { key: { ...key, rules } } });
  t.same(now({ kind: 'refused', reason: 'revoked' }), { ok: false, problem: 'revoked' });
  t.match(now({ kind: 'admitted', identity: { ...identity, principal: 'ben' } }), { ok: false });
  t.end();
});
