import t from 'tap';
import { commandNamed, commandNames, commands, type CommandSpec } from '../../../core/commands.ts';
import { membersOf, methodsOf } from '../../../server/admin/api-members.ts';

t.test('arguments and options are members by their names, and input by its kind', (t) => {
  const types = (name: Parameters<typeof commandNamed>[0]): Record<string, string> =>
    Object.fromEntries(
      membersOf(commandNamed(name)).map(({ name, type, required }) => [
        name,
        `${type}${required ? '!' : ''}`,
      ]),
    );
  t.same(types('share'), {
    ...{ env: 'string!', ttl: 'string', email: 'strings', 'max-uses': 'integer', name: 'string' },
  });
  t.match(types('key add'), { 'public-key': 'string!', env: 'strings', 'verify-required': 'boolean' });
  t.notOk('file' in types('key add'));
  t.match(types('password set'), { env: 'string!', secret: 'string', generate: 'boolean' });
  t.match(types('target create'), { env: 'string!', 'host-keys': 'strings!', 'os-user': 'string' });
  t.match(types('ssh-config'), { target: 'string', all: 'boolean' });
  t.end();
});

t.test('no two members of a command have one name', (t) => {
  for (const spec of commands) {
    const names = membersOf(spec).map(({ name }) => name);
    t.same([...new Set(names)], names, spec.name);
  }
  t.end();
});

t.test('GET is for what reads, and by words alone', (t) => {
  t.same(methodsOf(commandNamed('target list')), ['GET', 'POST']);
  t.same(methodsOf(commandNamed('key check')), ['POST'], 'it takes a key');
  t.same(methodsOf(commandNamed('target rm')), ['POST']);
  const read = (commands as readonly CommandSpec[]).filter(({ reads }) => reads === true);
  const readers = /(?:^| )(?:list|show|keys|targets|ca|imports|audit|sessions|ssh-config|check)$/;
  t.same(
    read.map(({ name }) => name),
    commandNames.filter((name) => readers.test(name)),
    'what lists and shows, and nothing else',
  );
  t.end();
});
