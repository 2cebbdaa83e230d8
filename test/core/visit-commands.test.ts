import t from 'tap';
import { commandHelp, usageOf } from '../../core/command-usage.ts';
import { commandNamed, commands } from '../../core/commands.ts';
import { visitCommands } from '../../core/visit-commands.ts';

t.test('they are among all commands', (t) => {
  const names = new Set<string>(commands.map(({ name }) => name));
  for (const { name } of visitCommands) t.ok(names.has(name), name);
  t.end();
});

t.test('a secret is no word: it comes by standard input', (t) => {
  const set = commandNamed('password set');
  t.equal(usageOf(set, 'gateway'), 'password set ENV [--generate] [--json] < PASSWORD');
  t.equal(usageOf(set, 'client'), 'password set ENV [--generate] [--json] < PASSWORD');
  t.notMatch(commandHelp(set, 'client').slice(1).join('\n'), /PASSWORD/);
  t.end();
});

t.test('who may not log in is told what to do instead', (t) => {
  t.match(commandNamed('login'), { who: 'member', instead: /token create/, ownInClient: true });
  t.end();
});
