import t from 'tap';
import { makePenalties } from '../../server/login-penalties.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import { createLog } from '../support/log-lines.ts';

function make(config: { loginPenalties: 'on' | 'off'; penaltyExempt: readonly string[] }) {
  const entries: AuditEntry[] = [];
  const { log, lines } = createLog();
  const audit = { record: (entry: AuditEntry) => entries.push(entry) };
  const penalties = makePenalties({ config, log, stores: { audit } });
  return { penalties, entries, lines };
}

t.test('a block is logged and noted in the audit, once, with its end', (t) => {
  const { penalties, entries, lines } = make({ loginPenalties: 'on', penaltyExempt: [] });
  for (let count = 0; count < 12; count += 1) penalties?.failed('192.0.2.1', 'refused');
  t.match(entries, [{ action: 'login.blocked', address: '192.0.2.1', result: 'refused' }]);
  t.equal(entries.length, 1);
  t.match(lines, [{ level: 'warn', source: '192.0.2.1', until: /Z$/ }]);
  t.equal(lines.length, 1);
  t.end();
});

t.test('whoever is exempt is not blocked, and nobody is when it is off', (t) => {
  const exempt = make({ loginPenalties: 'on', penaltyExempt: ['192.0.2.0/24'] });
  for (let count = 0; count < 20; count += 1) exempt.penalties?.failed('192.0.2.1', 'refused');
  t.equal(exempt.penalties?.isBlocked('192.0.2.1'), false);
  t.equal(make({ loginPenalties: 'off', penaltyExempt: [] }).penalties, undefined);
  t.end();
});
