import t from 'tap';
import { commandHelp, commandList, commandsUnder, shortUsageOf, usageOf } from '../../core/command-usage.ts';
import { commandNamed, commands } from '../../core/commands.ts';

t.test('a usage line says how a command is typed there', (t) => {
  const add = commandNamed('key add');
  t.match(usageOf(add, 'client'), /^key add FILE\|- \[--name NAME\].*\[--env PATTERN\]\.\.\. .*\[--json\]$/);
  t.match(usageOf(add, 'gateway'), /^key add \[--name NAME\].* < FILE$/);
  t.equal(shortUsageOf(add, 'gateway'), 'key add [options] < FILE');
  t.equal(shortUsageOf(commandNamed('key rename'), 'gateway'), 'key rename KEY NAME');
  t.equal(usageOf(commandNamed('key imports'), 'gateway'), 'key imports [--json]');
  t.end();
});

t.test('help tells of everything that a command takes', (t) => {
  for (const spec of commands) {
    const text = commandHelp(spec, 'client').join('\n');
    for (const { name } of spec.arguments) t.match(text, name.toUpperCase());
    for (const { name, about } of spec.options) {
      t.match(text, `--${name}`);
      t.ok(text.includes(about));
    }
    t.match(text, '--json');
  }
  t.notMatch(commandHelp(commandNamed('key add'), 'gateway').join('\n'), /^ +FILE /m);
  t.end();
});

t.test('commands by the words that they begin with', (t) => {
  t.equal(commandsUnder([]).length, commands.length);
  t.ok(commandsUnder(['key']).length > 5);
  t.same(
    commandsUnder(['key', 'add']).map(({ name }) => name),
    ['key add'],
  );
  t.same(commandsUnder(['nothing']), []);
  t.equal(commandList(commandsUnder(['env']), 'gateway').length, 3);
  t.same(commandList([], 'gateway'), []);
  t.end();
});
