import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parseCommand, splitWords } from '../../core/command-line.ts';
import { visitCommands } from '../../core/visit-commands.ts';

const docs = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('VISIT.md', docs), 'utf8');
const firstWords = new Set(visitCommands.map(({ name }) => name.split(' ', 1)[0]));

/** What people would type: lines of blocks for a shell, and what stands in the text; without pipes and comments. */
const typed = [
  ...[...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n')),
  ...[...page.matchAll(/`((?:porthole|ssh) [^`]+)`/g)].map(([, text = '']) => text),
]
  .map((line) => (line.split(/\s+#\s/)[0] ?? '').split('|').at(-1)?.trim() ?? '')
  .map((line) => /^(?:porthole|ssh (?:-t )?gateway\.example\.com) (.+)$/.exec(line)?.[1] ?? '')
  .filter((words) => firstWords.has(words.split(' ', 1)[0] ?? ''));

/** What only the client takes. */
const ofClient = / --(?:no-open|oidc)\b/;

t.test('every command in the page is one', (t) => {
  t.ok(typed.length > 20, `${String(typed.length)} commands`);
  for (const line of typed) {
    const words = splitWords(line.replace(ofClient, ''));
    t.match(parseCommand(words.ok ? words.value : []), { kind: 'command' }, line);
  }
  t.end();
});

t.test('the page shows every command by which others get in, and every option', (t) => {
  for (const { name, options } of visitCommands) {
    const shown = typed.filter((line) => line === name || line.startsWith(`${name} `));
    t.ok(shown.length > 0, name);
    for (const option of options) t.ok(page.includes(`--${option.name}`), `${name} --${option.name}`);
  }
  t.end();
});

t.test('its links lead somewhere', (t) => {
  for (const [, name = ''] of page.matchAll(/\]\(([A-Z]+\.md)\)/g))
    t.ok(existsSync(new URL(name, docs)), name);
  t.end();
});
