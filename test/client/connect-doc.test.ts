import { readFileSync } from 'node:fs';
import t from 'tap';
import { connectCommand } from '../../client/commands/connect.ts';
import { configSchema } from '../../client/config-schema.ts';
import { FakeSurroundings } from './fake-surroundings.ts';

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const page = read('docs/CONNECT.md');

t.test('docs/CONNECT.md names every flag, and none that is not there', async (t) => {
  const command = connectCommand(new FakeSurroundings(t), () => undefined);
  const flags = command.options.map(({ long }) => long ?? '');
  for (const flag of flags) t.match(page, new RegExp(`${flag}\\b`), flag);
  for (const [flag] of page.matchAll(/(?<=`)--[a-z-]+/g)) t.ok(flags.includes(flag), flag);
});

t.test('every key of porthole.toml, and every variable', async (t) => {
  for (const key of Object.keys(configSchema.shape)) t.match(page, `\`${key}\``, key);
  const variables = read('client/commands/settings.ts').match(/PORTHOLE_[A-Z_]+/g) ?? [];
  for (const variable of variables) t.match(page, `\`${variable}\``, variable);
});

t.test('every event, and none that is not told', async (t) => {
  const told = [...read('client/report.ts').matchAll(/readonly event: '([a-z-]+)'/g)].map(
    ([, name = '']) => name,
  );
  const listed = [...page.matchAll(/^\| `([a-z-]+)` +\| (?:`|\s)/gm)].map(([, name = '']) => name);
  const events = listed.slice(listed.indexOf('key-created'));
  t.same([...events].sort(), [...new Set(told)].sort());
});
