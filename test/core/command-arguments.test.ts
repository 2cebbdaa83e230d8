import t from 'tap';
import { id, key } from '../../core/command-arguments.ts';
import { commands } from '../../core/commands.ts';
import type { CommandSpec } from '../../core/command-spec.ts';

t.test('what several commands take is told in the same words', async (t) => {
  const specs: readonly CommandSpec[] = commands;
  for (const shared of [id, key]) {
    const users = specs.flatMap((spec) => spec.arguments).filter(({ name }) => name === shared.name);
    t.ok(users.length > 1);
    t.same(new Set(users.map(({ about }) => about)), new Set([shared.about]));
  }
});
