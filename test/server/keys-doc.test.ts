import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import t from 'tap';
import { parseCommand, splitWords } from '../../core/command-line.ts';
import { commands, type CommandSpec } from '../../core/commands.ts';
import { gateCommands } from '../../core/gate-commands.ts';
import { visitCommands } from '../../core/visit-commands.ts';
import { readOptions } from '../../server/identity/key-options.ts';
import { entries } from '../../server/config/keys.ts';
import { adminCommand } from '../../server/operator/admin.ts';
import { backupCommand } from '../../server/operator/backup.ts';
import { caCommand } from '../../server/operator/ca.ts';
import type { Operator } from '../../server/operator/operator.ts';
import { parseImportSource } from '../../server/identity/import-source.ts';

const page = readFileSync(new URL('../../docs/KEYS.md', import.meta.url), 'utf8');

/** What people would type: the lines of the blocks for a shell, and what stands in the text. */
const typed = [
  ...[...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n')),
  ...[...page.matchAll(/`((?:porthole|portholed|ssh|key|env|cert|audit) [^`]+)`/g)].map(
    ([, text = '']) => text,
  ),
];

/** What other pages are about. */
const elsewhere = new Set(['help', 'connect', 'login']);

/** Without comments, pipes, redirections and what only the client takes. */
function bare(line: string): string {
  const [command = ''] = line.split(/\s+#\s/);
  const piece = command.split('|').find((part) => /^\s*(?:porthole|portholed|ssh) /.test(part)) ?? command;
  return piece.replace(/[<>]\s*\S+/g, '').trim();
}

const nobody: Operator = {
  env: {},
  readFile: () => '',
  readStdin: () => Promise.resolve(''),
  openStateDir: (path) => path,
  out: () => undefined,
  err: () => undefined,
  now: () => 0,
};
const operatorCommands = [adminCommand(nobody), backupCommand(nobody), caCommand(nobody)];

/** The command that words name, and the rest of them. */
function operatorCommand(words: readonly string[]): {
  command: Command | undefined;
  rest: readonly string[];
} {
  let [first, ...rest] = words;
  let command = operatorCommands.find((each) => each.name() === first);
  while (command !== undefined && command.commands.length > 0) {
    [first, ...rest] = rest;
    command = command.commands.find((each) => each.name() === first);
  }
  return { command, rest };
}

function wordsOf(line: string): readonly string[] {
  const split = splitWords(bare(line));
  return split.ok ? split.value : [];
}

t.test('every command of docs/KEYS.md is one, with the options that it has', async (t) => {
  let checked = 0;
  for (const line of typed) {
    const [program = '', ...words] = wordsOf(line);
    if (program === 'portholed') {
      const { command, rest } = operatorCommand(words);
      t.ok(command, line);
      const flags = command?.options.map(({ long }) => long);
      for (const flag of rest.filter((word) => word.startsWith('--')))
        t.ok(flags?.includes(flag), `${line}: ${flag}`);
    } else if (/^(?:porthole|ssh|key|env|cert|audit)$/.test(program)) {
      const given =
        program === 'porthole' ? words : program === 'ssh' ? afterHost(words) : [program, ...words];
      if (given.length === 0 || elsewhere.has(given[0] ?? '')) continue;
      const read = parseCommand(withoutOut(given));
      const isWhole = read.kind === 'command' || read.kind === 'help';
      t.ok(isWhole || isOnlyNamed(given), `${line}: ${read.kind === 'problem' ? read.problem : ''}`);
    } else continue;
    checked += 1;
  }
  t.ok(checked > 40, `${checked} were checked`);
});

/** The words of the command in `ssh [-p PORT] HOST WORDS`. */
function afterHost(words: readonly string[]): readonly string[] {
  return words[0] === '-p' ? words.slice(3) : words.slice(1);
}

/** `--out` is the client's own. */
function withoutOut(words: readonly string[]): readonly string[] {
  const at = words.indexOf('--out');
  return words[0] === 'cert' && at !== -1 ? words.toSpliced(at, 2) : words;
}

/** In a sentence a command may stand without its arguments. */
function isOnlyNamed(words: readonly string[]): boolean {
  return commands.some(({ name }) => name === words.join(' '));
}

t.test('every command is there, and every option of those about keys and names', async (t) => {
  const ofOthers = new Set<string>([...visitCommands, ...gateCommands].map(({ name }) => name));
  for (const { name, options } of commands as readonly CommandSpec[]) {
    if (ofOthers.has(name)) continue;
    t.ok(new RegExp(`\\b${name}\\b`).test(page), name);
    if (name === 'audit') continue;
    for (const option of options) t.ok(page.includes(`--${option.name}`), `${name} --${option.name}`);
  }
});

t.test('every option that is named somewhere is there', async (t) => {
  const known = new Set([
    ...(commands as readonly CommandSpec[]).flatMap(({ options }) => options.map(({ name }) => name)),
    ...operatorCommands
      .flatMap((command) => [command, ...command.commands])
      .flatMap(({ options }) => options.map(({ long = '' }) => long.slice(2))),
    ...entries.map(([, { name }]) => name),
    ...['json', 'help', 'out', 'server', 'identity'],
  ]);
  for (const [, name = ''] of page.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g))
    t.ok(known.has(name), `--${name}`);
});

t.test('its configuration is there, with its defaults', async (t) => {
  const defaults: Record<string, RegExp> = {
    'unused-key-after': /`unused-key-after` \(90 days\)/,
    'key-import-interval': /`key-import-interval` \(1h\)/,
    'cert-ttl': /`cert-ttl` \(24h\)/,
    'claim-ttl': /`claim-ttl` \(30 days\)/,
  };
  for (const [name, said] of Object.entries(defaults)) {
    t.ok(
      entries.some(([, key]) => key.name === name),
      name,
    );
    t.match(page, said);
  }
  const texts = Object.fromEntries(entries.map(([, key]) => [key.name, key.defaultText]));
  t.match(texts, {
    'unused-key-after': '90d',
    'key-import-interval': '1h',
    'cert-ttl': '24h',
    'claim-ttl': '30d',
  });
});

t.test('every line of the example file is read, and every option of it is there', async (t) => {
  const [, file = ''] = /^```\n(# Options.*?)^```/ms.exec(page) ?? [];
  const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.equal(lines.length, 3);
  for (const line of lines) t.notMatch(readOptions(line), { problem: /./ }, line);
  for (const option of ['principal', 'role', 'env', 'expiry-time', 'verify-required', 'no-touch-required'])
    t.match(page, new RegExp(`^\\| \`${option}\\b`, 'm'), option);
});

t.test('every source of keys in it can be read', async (t) => {
  for (const [, source = ''] of page.matchAll(/key import(?:-stop)? (\S+?)(?=[\s`])/g))
    t.equal(parseImportSource(source).ok, true, source);
});
