import t from 'tap';
import { readCall } from '../../../core/command-call.ts';
import { commandNamed, type CommandName } from '../../../core/commands.ts';
import { answer, type Handlers } from '../../../server/admin/answer.ts';
import { Giving, inputOf, mayGive, type GivenCommand } from '../../../server/admin/giving.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { createLog } from '../../support/log-lines.ts';

function command(name: CommandName, given: Record<string, string | true | string[]> = {}): GivenCommand {
  const spec = commandNamed(name);
  const call = readCall(spec, given);
  if (!call.ok) throw new Error(call.problem);
  return { spec, call: call.value };
}

function setting(handlers: Partial<Handlers> = {}) {
  const noted: AuditEntry[] = [];
  const giving = new Giving({
    handlers: handlers as Handlers,
    audit: { record: (entry) => void noted.push(entry) },
    log: createLog().log,
    now: () => givenAt,
  });
  const by = (identity: Partial<Identity>, input = 'input') => ({
    caller: () => ({ ok: true, value: { identity: identityOf(identity), address: '192.0.2.1' } }) as const,
    readInput: () => Promise.resolve({ ok: true, value: input } as const),
  });
  return { giving, noted, by };
}

t.test('a handler gets who, what, when, and what came with it', async (t) => {
  const { giving, by } = setting({
    'password set': ({ caller, values, stdin, now }) =>
      Promise.resolve(answer([caller.identity.principal, values.env, stdin, now], [])),
  });
  t.same(await giving.give(command('password set', { env: 'pr-42' }), by({ principal: 'ana' })), {
    ...{ kind: 'answer', value: ['ana', 'pr-42', 'input', givenAt], lines: [] },
  });
  t.match(await giving.give(command('password set', { env: 'pr-42', generate: true }), by({})), {
    value: ['root', 'pr-42', undefined, givenAt],
  });
});

t.test('whose key is no more is told so with a code of its own', async (t) => {
  const { giving, by, noted } = setting();
  const session = { ...by({}), caller: () => ({ ok: false, problem: 'revoked' }) as const };
  t.same(await giving.give(command('env list'), session), {
    ...{ kind: 'error', message: 'revoked', status: 3, code: 'ERR_LOGIN_REQUIRED' },
  });
  t.same(noted, []);
});

t.test('who may not give it is noted with what it was for', async (t) => {
  const { giving, by, noted } = setting();
  const machine = by({ role: 'machine' });
  t.match(await giving.give(command('env transfer', { env: 'pr-42', principal: 'bob' }), machine), {
    status: 3,
  });
  t.match(await giving.give(command('key rm', { key: 'ana/ci' }), machine), { status: 3 });
  t.match(await giving.give(command('key import', { source: 'github:ana' }), machine), { status: 3 });
  t.match(await giving.give(command('login'), machine), { message: /a machine visits its own/ });
  t.match(noted, [
    { action: 'env.transfer', target: 'pr-42', result: 'refused', detail: { reason: 'not for a machine' } },
    { action: 'key.rm', target: 'ana/ci' },
    { action: 'key.import', target: 'github:ana' },
    { action: 'login.link', target: 'login' },
  ]);
});

t.test('files are read where they are', async (t) => {
  const { giving, by } = setting({ 'key check': ({ stdin }) => Promise.resolve(answer(stdin, [])) });
  t.match(await giving.give(command('key check', { file: '-' }), by({})), { value: 'input' });
  t.match(await giving.give(command('key check', { file: 'id.pub' }), by({})), {
    ...{ status: 2, message: /"id\.pub" cannot be read from here: give the key .* < id_ed25519\.pub/ },
  });
  t.match(await giving.give(command('target create', { env: 'x', file: ['-', 'host.pub'] }), by({})), {
    ...{ status: 2, message: /give the host keys .* < ssh_host_ed25519_key\.pub/ },
  });
});

t.test('what a command reads, and who may give it, stands in the table', (t) => {
  t.equal(inputOf(commandNamed('env list'), {}), undefined);
  t.equal(inputOf(commandNamed('target create'), { env: 'x' }), 'host-keys');
  t.ok(mayGive('machine', commandNamed('key list')));
  t.notOk(mayGive('machine', commandNamed('key add')));
  t.notOk(mayGive('member', commandNamed('key import')));
  t.end();
});
