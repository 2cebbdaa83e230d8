import t from 'tap';
import { givenAt } from '../../support/admin-setting.ts';
import { gateSetting } from '../../support/gate-setting.ts';
import { someGate, someTarget, targetId } from '../../support/memory-book.ts';
import { storedKey } from '../../support/memory-keys.ts';

const print = (letter: string): string => `SHA256:${letter.repeat(43)}`;
const keys = [
  storedKey({ fingerprint: print('a'), principal: 'ana', name: 'laptop', role: 'member' }),
  storedKey({ fingerprint: print('m'), principal: 'vm', name: 'vm', role: 'machine' }),
  storedKey({ fingerprint: print('r'), principal: 'ana', name: 'old', role: 'member', revokedAt: 1 }),
];
const fileKeys = [
  storedKey({ fingerprint: print('f'), principal: 'ben', name: 'f', role: 'admin', source: 'file' }),
];
const gates = [someGate({ keys: [], targets: [] })];
const targets = [someTarget()];

t.test('keys, however they are named', async (t) => {
  const { run, book } = gateSetting({ gates, keys, fileKeys });
  t.match(await run('gate keys ops'), { stdout: [], stderr: [/nobody may use the gate ops/] });
  t.match(await run('gate add-key ops ana/laptop'), {
    ...{ status: 0, stdout: ['ana/laptop may use the gate ops now'], stderr: [] },
  });
  t.match(await run('gate add-key ops vm'), { status: 0, stderr: [/is a machine's/] });
  t.match(await run('gate add-key ops old'), { status: 0, stderr: [/revoked or has expired/] });
  t.match(await run('gate add-key ops ffffff'), { status: 0, stderr: [] });
  t.match(await run(`gate add-key ops ${print('u')}`), {
    status: 0,
    stderr: [/no key with this fingerprint/],
  });
  t.match(await run('gate add-key ops laptop'), { status: 1, stderr: [/has this key already/] });
  t.match(await run('gate add-key ops nothing'), { status: 1, stderr: [/there is no key nothing/] });
  t.match(await run('gate add-key nowhere laptop'), { status: 1, stderr: [/there is no gate/] });
  t.match(await run('gate keys ops'), {
    stdout: [
      /^KEY +STATE +FINGERPRINT +ADDED/,
      /^ana\/laptop +member +SHA256:a+ +2026-\S+ \S+ UTC by root/,
      /^vm +machine/,
      /^ana\/old +spent/,
      /^ben\/f +admin/,
      /^\(gone\) +- +SHA256:u/,
    ],
  });
  t.match(JSON.parse((await run('gate keys ops --json')).stdout.join('')), {
    keys: [{ principal: 'ana', name: 'laptop', usable: true }, {}, { usable: false }, {}, { known: false }],
  });
  t.match(await run('gate rm-key ops laptop'), { status: 0, stderr: [] });
  for (const key of ['vm/vm', print('r'), 'f'.repeat(43)])
    t.match(await run(`gate rm-key ops ${key}`), { status: 0 });
  t.match(await run(`gate rm-key ops ${print('u')}`), { status: 0, stderr: [/^nobody may use/] });
  t.match(await run('gate rm-key ops laptop'), { status: 1, stderr: [/has no key/] });
  t.match(await run('gate rm-key ops nothing'), { status: 1 });
  t.match(await run('gate rm-key nowhere laptop'), { status: 1 });
  t.match(book.audit[0], { action: 'gate.add-key', target: 'ops', detail: { key: print('a') }, at: givenAt });
});

t.test('machines', async (t) => {
  const { run, book } = gateSetting({ gates, targets, online: [targetId(42)] });
  t.match(await run('gate targets ops'), { stdout: [], stderr: [/leads nowhere/] });
  t.match(await run('gate add-target ops pr-42'), { status: 0, stdout: [/leads to pr-42 now/] });
  t.match(await run(`gate add-target ops ${targetId(42)}`), { status: 1, stderr: [/already/] });
  t.match(await run('gate add-target ops nothing'), { status: 1, stderr: [/there is no machine nothing/] });
  t.match(await run('gate add-target nowhere pr-42'), { status: 1 });
  t.match(await run('gate targets ops'), { stdout: [/^NAME/, /^pr-42 +pr-42 +ana +online/] });
  t.match(await run('gate targets ops --json'), { stdout: [/"gate":"ops","targets":\[\{"id":/] });
  t.match(await run('gate rm-target ops pr-42'), { status: 0, stdout: [/does not lead to pr-42 any more/] });
  t.match(await run('gate rm-target ops nothing'), { status: 1 });
  t.match(book.audit, [{ action: 'gate.add-target' }, { action: 'gate.rm-target' }]);
});

t.test('a gate for any has no list', async (t) => {
  const { run } = gateSetting({ gates: [someGate()], targets, keys });
  t.match(await run('gate keys ops'), { stdout: ['any key of a member may use the gate ops'] });
  t.match(await run('gate targets ops --json'), { stdout: ['{"gate":"ops","targets":"any"}'] });
  t.match(await run('gate add-key ops laptop'), { status: 1, stderr: [/gate set ops --keys listed/] });
  t.match(await run('gate rm-key ops laptop'), { status: 1, stderr: [/gate set ops --keys listed/] });
  t.match(await run('gate add-target ops pr-42'), { status: 1, stderr: [/gate set ops --targets listed/] });
  for (const what of ['keys', 'targets']) t.match(await run(`gate ${what} nowhere`), { status: 1 });
});
