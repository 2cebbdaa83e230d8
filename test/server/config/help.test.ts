import t from 'tap';
import { helpText } from '../../../server/config/help.ts';
import { entries } from '../../../server/config/keys.ts';

t.test('lists every flag with its default', async (t) => {
  const words = helpText().replace(/\s+/g, ' ');
  for (const [, key] of entries) {
    t.match(words, ` --${key.name} `);
    t.match(words, key.about);
    if (key.defaultText !== '') t.match(words, `default ${key.defaultText}`);
  }
  for (const flag of ['--config', '--print-config', '--help', '--version']) t.match(words, flag);
});

t.test('the commands beside the flags', async (t) => {
  t.match(
    helpText([['backup FILE', 'copy the database']]),
    /portholed COMMAND[^]*backup FILE +copy the database/,
  );
  t.notMatch(helpText(), /COMMAND/);
});

t.test('fits a terminal', async (t) => {
  for (const line of helpText().split('\n')) t.ok(line.length <= 105 && line === line.trimEnd(), line);
});
