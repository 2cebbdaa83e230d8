import t from 'tap';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { someTarget, targetId } from '../../support/memory-book.ts';
import { publicKey } from '../../support/public-keys.ts';

const key = publicKey();
const input = `${key.line} root@machine\n`;
const environments = { 'pr-42': 'ana' };
const connection = { env: 'pr-42', tunnelId: 'one' };
const ana = member('ana');
const vm = { ...ana, role: 'machine' } as const;

t.test('a person adds a machine to an environment of theirs', async (t) => {
  const { run, book, noted } = gateSetting({ environments });
  const made = await run('target create PR-42 --os-user dev', ana, { input });
  t.match(made, {
    status: 0,
    stdout: [/^added pr-42 \(/, `  ${key.fingerprint} (ED25519)`],
    stderr: [/nothing offers its SSH server now/],
  });
  t.match(book.targetNamed('pr-42'), {
    ...{ env: 'pr-42', owner: 'ana', osUser: 'dev', hostKeys: [key.line], origin: 'added', reach: 'members' },
    ...{ services: [], takesCertificates: false, createdBy: 'ana' },
  });
  t.match(book.audit, [
    { action: 'target.create', target: 'pr-42', detail: { hostKeys: [key.fingerprint] } },
  ]);
  const second = await run(`target create pr-42 --id ${targetId(9)} --json`, undefined, { input });
  t.match(second.stdout, [/^\{"id":"00000009-.*"name":"pr-42-2","env":"pr-42","owner":"ana"/]);
  t.match(await run(`target create pr-42 --id ${targetId(9)}`, ana, { input }), { status: 1 });
  t.match(await run('target create pr-42 --name bastion', ana, { input }), {
    status: 1,
    stderr: [/may not use the name bastion/],
  });
  t.match(await run('target create pr-42 --name pr-42', ana, { input }), { status: 1, stderr: [/is taken/] });
  t.match(await run('target create pr-42', ana, { input: 'x' }), { status: 1, stderr: [/line 1/] });
  t.match(await run('target create pr-42', member('eve'), { input }), {
    status: 1,
    stderr: [/there is no environment pr-42 of yours/],
  });
  t.match(noted, [{ action: 'target.create', principal: 'eve', result: 'refused' }]);
  t.match(await run('target create pr-42', vm, { input }), { status: 3, stderr: [/stole a machine's key/] });
});

t.test('one that is online already needs no advice', async (t) => {
  const { run } = gateSetting({ environments, online: [targetId(3)] });
  t.match(await run(`target create pr-42 --id ${targetId(3)}`, ana, { input }), { status: 0, stderr: [] });
});

t.test('a machine reports itself', async (t) => {
  const target = someTarget();
  const { run, reports } = gateSetting({ environments, outcome: { kind: 'new', target } });
  const words = `target report --id ${target.id} --name pr-vm --os-user dev --certificates --certificate-user dev --longest-certificate 10m`;
  t.match(await run(words, vm, { input, connection }), {
    status: 0,
    stdout: [/^pr-42 \(.*\) is known from now on/],
    stderr: [],
  });
  t.match(reports, [
    {
      ...{ id: target.id, name: 'pr-vm', osUser: 'dev', hostKeys: [key.line], env: 'pr-42', owner: 'ana' },
      ...{ takesCertificates: true, osUsers: ['dev'], longestCertificateMs: 600_000 },
      ...{ machineKey: 'SHA256:ana', tunnel: undefined, audit: { principal: 'ana', address: '192.0.2.1' } },
    },
  ]);
  const { stdout } = await run('target report --json', vm, { input, connection });
  t.same(JSON.parse(stdout.join('')), {
    ...{ kind: 'new', id: target.id, name: 'pr-42', env: 'pr-42', hostKeys: target.hostKeys },
  });
  t.match(reports[1], { id: undefined, name: undefined, takesCertificates: false, osUsers: [] });
  t.match(await run('target report --name bastion', vm, { input, connection }), {
    status: 0,
    stderr: ['this key may not use the name bastion, only pr-*'],
  });
  t.match(reports[2], { name: undefined }, 'it is called like its environment');
});

t.test('one that says other things than before is warned of', async (t) => {
  const unconfirmed = { hostKeys: [key.line], machineKey: 'SHA256:x', at: 1000 };
  const outcome = { kind: 'unconfirmed', target: someTarget({ unconfirmed }) } as const;
  const { run } = gateSetting({ environments, outcome });
  t.match(await run('target report --json', vm, { input, connection }), {
    status: 0,
    stdout: [/"kind":"unconfirmed".*"warning":"WARNING: /],
    stderr: [/^WARNING: /],
  });
});

t.test('one that is not taken: with the reason, and for programs what kind it is', async (t) => {
  const refused = gateSetting({ environments, outcome: { kind: 'refused', reason: 'not yours' } });
  t.same(await refused.run('target report --json', vm, { input, connection }), {
    ...{
      status: 1,
      stdout: ['{"kind":"refused","reason":"not yours"}'],
      stderr: ['not yours (ERR_NOT_AUTHORISED)'],
    },
  });
  const conflict = gateSetting({ environments, outcome: { kind: 'conflict', reason: 'two of them' } });
  t.same(await conflict.run('target report', vm, { input, connection }), {
    ...{ status: 1, stdout: [], stderr: ['two of them (ERR_CONFLICT)'] },
  });
});

t.test(
  'only for an environment of its own, with a key that is good for it, over its own connection',
  async (t) => {
    const { run, reports } = gateSetting({ environments });
    t.match(await run('target report', vm, { input }), { status: 1, stderr: [/its own SSH connection/] });
    t.match(await run('target report', { ...vm, principal: 'eve' }, { input, connection }), {
      status: 1,
      stderr: [/there is no environment pr-42 of yours/],
    });
    t.match(await run('target report', { ...vm, envPatterns: ['x'] }, { input, connection }), {
      status: 3,
      stderr: [/may not use the name pr-42/],
    });
    t.match(await run('target report', vm, { input: '', connection }), {
      status: 2,
      stderr: [/no host key/],
    });
    t.same(reports, []);
  },
);
