import { readFileSync } from 'node:fs';
import t from 'tap';
import { entries, groups } from '../../../server/config/keys.ts';

const document = readFileSync(new URL('../../../docs/CONFIG.md', import.meta.url), 'utf8');

/** The rows of the tables in docs/CONFIG.md, by the heading above them. */
function documentedRows(): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  let heading = '';
  for (const line of document.split('\n')) {
    heading = /^## (.*)/.exec(line)?.[1] ?? heading;
    if (!line.startsWith('| `')) continue;
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    rows.set(heading, [...(rows.get(heading) ?? []), cells.map((cell) => cell.trim()).join(' | ')]);
  }
  return rows;
}

t.test('docs/CONFIG.md and the table of keys tell the same', async (t) => {
  const documented = documentedRows();
  for (const [title, keys] of groups) {
    const rows = Object.values(keys).map((key) => {
      const value = key.placeholder.replaceAll('|', ' \\| ') + (key.isList ? ', repeatable' : '');
      return [`\`${key.name}\``, value, key.defaultText, key.about].join(' | ');
    });
    t.same(documented.get(title), rows, `the table under "${title}"`);
  }
  t.same([...documented.keys()], [...groups.keys()], 'the headings');
});

t.test('the groups hold every key once', async (t) => {
  const grouped = [...groups.values()].flatMap((keys) => Object.keys(keys));
  t.same(grouped.toSorted(), entries.map(([field]) => field).toSorted());
  t.equal(new Set(entries.map(([, key]) => key.name)).size, entries.length, 'no name is used twice');
});

t.test('names are in the form of flags, and units in the names of fields', async (t) => {
  for (const [field, key] of entries) {
    t.match(key.name, /^[a-z]+(-[a-z]+)*$/);
    t.equal(key.placeholder === 'DURATION', field.endsWith('Ms'), field);
    t.equal(key.placeholder === 'SIZE', field.endsWith('Bytes'), field);
  }
});
