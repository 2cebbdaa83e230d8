import t from 'tap';
import {
  bytesText,
  jumpColumns,
  jumpJson,
  jumpRow,
  jumpTo,
} from '../../../server/admin/jump-session-facts.ts';
import { givenAt } from '../../support/admin-setting.ts';
import { someJump } from '../../support/gate-setting.ts';
import { targetId } from '../../support/memory-book.ts';

t.test('where it leads', (t) => {
  const to = (overrides: Parameters<typeof someJump>[0]): string => jumpTo(someJump(overrides));
  t.equal(to({}), 'pr-42');
  t.equal(to({ target: { id: targetId(1), name: 'shop' } }), 'shop');
  t.equal(to({ service: 'db', port: 5432 }), 'db.pr-42:5432');
  t.equal(to({ service: 'db' }), 'db.pr-42');
  t.equal(to({ service: undefined, port: 8080 }), 'pr-42:8080');
  t.equal(to({ service: undefined }), 'pr-42');
  t.equal(to({ service: 'ssh', port: 2222 }), 'ssh.pr-42:2222');
  t.end();
});

t.test('how much went', (t) => {
  t.equal(bytesText({ bytesUp: 0, bytesDown: 999 }), '0 B up, 999 B down');
  t.equal(bytesText({ bytesUp: 12_345, bytesDown: 2e9 }), '12.3 kB up, 2.0 GB down');
  t.end();
});

t.test('a row, and for programs', (t) => {
  const row = jumpRow(someJump(), givenAt);
  t.equal(row.length, jumpColumns.length);
  t.same(row, [
    ...['abcdefgh', 'ana', '192.0.2.7', 'pr-42', '2026-11-22 14:59:00 UTC', '5 seconds'],
    ...['1.2 kB up, 5.6 MB down', 'default'],
  ]);
  t.same(jumpJson(someJump({ target: { id: targetId(1), name: 'shop' }, port: 1 })), {
    ...{ id: 'abcdefgh', principal: 'ana', fingerprint: 'SHA256:ana', from: '192.0.2.7', gate: 'default' },
    ...{ env: 'pr-42', service: 'ssh', port: 1, target: { id: targetId(1), name: 'shop' } },
    ...{ since: '2026-11-22T14:59:00.000Z', active: '2026-11-22T14:59:55.000Z' },
    ...{ bytesUp: 1234, bytesDown: 5_600_000 },
  });
  t.match(jumpJson(someJump({ service: undefined })), { service: null, port: null, target: null });
  t.end();
});
