import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { commandNames } from '../../../core/commands.ts';
import { actionOf } from '../../../server/admin/command-audit.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The first cells of the table below a heading of docs/AUDIT.md. */
function documented(heading: string): string[] {
  const text = readFileSync(`${root}/docs/AUDIT.md`, 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell);
}

function written(): Set<string> {
  const sources = globSync('server/**/*.ts', { cwd: root });
  return new Set(
    sources.flatMap((path) =>
      [...readFileSync(`${root}/${path}`, 'utf8').matchAll(/\baction: '([^']+)'/g)].map(
        ([, action = '']) => action,
      ),
    ),
  );
}

t.test('docs/AUDIT.md lists the actions that there are', (t) => {
  const ofCommands = new Set(commandNames.map(actionOf));
  const others = [...written()].filter((action) => !ofCommands.has(action));
  t.same(documented('Actions').toSorted(), others.toSorted());
  t.end();
});
