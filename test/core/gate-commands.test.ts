import t from 'tap';
import { commandHelp, usageOf } from '../../core/command-usage.ts';
import { commandNamed, commands, type CommandSpec } from '../../core/commands.ts';
import { gateCommands } from '../../core/gate-commands.ts';

const specs: readonly CommandSpec[] = gateCommands;

t.test('they are among all commands', (t) => {
  const names = new Set<string>(commands.map(({ name }) => name));
  for (const { name } of specs) t.ok(names.has(name), name);
  t.end();
});

t.test('whoever has a machine’s key alone changes nothing about whom it leads to', (t) => {
  const forAnyone = specs.filter(({ who }) => who === 'anyone').map(({ name }) => name);
  t.same(forAnyone, ['target list', 'target show', 'target report', 'gate ca']);
  for (const { name, who } of specs)
    if (/^gate (?:create|set|rm|add|keys|targets)/.test(name)) t.equal(who, 'admin');
  for (const name of ['target create', 'target trust', 'target rename', 'target set', 'target rm'] as const)
    t.match(commandNamed(name), { who: 'member', instead: /stole a machine's key/ });
  t.end();
});

t.test('host keys are files for the client, and standard input at the gateway', (t) => {
  const create = commandNamed('target create');
  t.equal(
    usageOf(create, 'client'),
    'target create ENV FILE|-... [--id UUID] [--name NAME] [--os-user USER] [--json]',
  );
  t.equal(
    usageOf(create, 'gateway'),
    'target create ENV [--id UUID] [--name NAME] [--os-user USER] [--json] < FILE',
  );
  t.match(commandHelp(create, 'client').join('\n'), /FILE +the SSH server's public host keys/);
  t.end();
});

t.test('what only looks is marked as that', (t) => {
  for (const { name, reads } of specs)
    t.equal(
      reads === true,
      /(?: list| show|^gate (?:keys|targets|ca)|^sessions|^ssh-config)$/.test(name),
      name,
    );
  t.end();
});
