import t from 'tap';
import { commandSchemas } from '../../core/command-values.ts';
import { commandNamed, commandNames, commands, type CommandSpec } from '../../core/commands.ts';

t.test('every command has its schema, for exactly what it takes', (t) => {
  t.same(Object.keys(commandSchemas), commandNames);
  for (const spec of commands as readonly CommandSpec[]) {
    const words = spec.arguments.filter(({ kind }) => kind !== 'secret');
    const taken = [...words, ...spec.options].map(({ name }) => name);
    t.equal(new Set(taken).size, taken.length, `${spec.name} takes nothing twice`);
    const { shape } = commandSchemas[spec.name as keyof typeof commandSchemas];
    t.same(Object.keys(shape).sort(), [...taken].sort(), spec.name);
  }
  t.end();
});

t.test('names are told apart by their words', (t) => {
  for (const name of commandNames) {
    t.match(name, /^[a-z-]+(?: [a-z-]+){0,2}$/);
    t.equal(commandNamed(name).name, name);
  }
  t.throws(() => commandNamed('key nothing' as 'cert'));
  t.end();
});

t.test('no command has an option that all have, and none reads two things', (t) => {
  for (const spec of commands as readonly CommandSpec[]) {
    t.notOk(spec.options.some(({ name }) => name === 'json' || name === 'help'));
    t.ok(spec.arguments.filter(({ kind }) => kind !== 'text').length <= 1);
  }
  t.end();
});
