import t from 'tap';
import { commandNamed, type CommandSpec } from '../../core/commands.ts';
import { gateCommands } from '../../core/gate-commands.ts';
import { targetCommands } from '../../core/target-commands.ts';

const specs: readonly CommandSpec[] = targetCommands;

t.test('they are among those of the gate, and all about targets', (t) => {
  t.same(gateCommands.slice(0, specs.length), specs);
  for (const { name } of specs) t.match(name, /^target /);
  t.end();
});

t.test('only a person changes who a machine is', (t) => {
  const forMachines = specs.filter(({ who }) => who === 'anyone').map(({ name }) => name);
  t.same(forMachines, ['target list', 'target show', 'target report']);
  t.match(commandNamed('target trust'), { who: 'member', instead: /stole a machine's key/ });
  t.end();
});
