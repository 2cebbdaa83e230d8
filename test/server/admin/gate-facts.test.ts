import t from 'tap';
import {
  gateColumns,
  gateJson,
  gateLines,
  gateMoment,
  gateNotes,
  gateRow,
} from '../../../server/admin/gate-facts.ts';
import { callBy, member } from '../../support/gate-setting.ts';
import { someGate, targetId } from '../../support/memory-book.ts';

const own = { host: 'preview.test', port: 443, hostKey: '' };
const moment = gateMoment(callBy(member('ana')), { gateway: () => own });
const listed = someGate({
  ...{ host: 'gate.test', port: 22, targets: [targetId(1)] },
  keys: [{ fingerprint: 'SHA256:ben', addedAt: 1, addedBy: 'root' }],
});

t.test('for programs and for people', (t) => {
  t.match(gateJson(someGate(), moment), {
    ...{ id: 'gategategat2', name: 'ops', default: false, host: 'preview.test', port: 443, ownAddress: true },
    ...{ keys: 'any', keyCount: null, targets: 'any', targetCount: null, mayUse: true, created: /Z$/ },
  });
  t.match(gateJson(listed, moment), {
    ...{ host: 'gate.test', port: 22, ownAddress: false, keys: 'listed', keyCount: 1, mayUse: false },
  });
  t.equal(gateRow(listed, moment).length, gateColumns.length);
  t.same(gateRow(listed, moment), ['ops', 'gate.test:22', '1 listed', '1 listed', 'may not']);
  t.match(gateRow(someGate({ isDefault: true }), moment), ['ops (default)', 'preview.test:443', 'any']);
  t.match(
    gateLines(listed, moment).join('\n'),
    /host +gate\.test\n.*\n +default +no\n +keys +1 listed[^]*may not/,
  );
  t.match(
    gateLines(someGate({ isDefault: true }), moment).join('\n'),
    /yes: for every.*\n +keys +any member's/,
  );
  const machine = gateMoment(callBy({ role: 'machine' }), { gateway: () => own });
  t.match(gateJson(someGate(), machine), { mayUse: false });
  t.end();
});

t.test('what lets nobody in, or leads nowhere', (t) => {
  t.same(gateNotes(listed), []);
  t.match(gateNotes(someGate({ keys: [], targets: [] })), [
    /^nobody may use the gate ops/,
    /^the gate ops leads/,
  ]);
  t.end();
});
