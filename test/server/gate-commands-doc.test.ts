import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseCommand, splitWords } from '../../core/command-line.ts';
import type { CommandSpec } from '../../core/commands.ts';
import { gateCommands } from '../../core/gate-commands.ts';
import { gateJson } from '../../server/admin/gate-facts.ts';
import { jumpJson } from '../../server/admin/jump-session-facts.ts';
import { targetJson } from '../../server/admin/target-facts.ts';
import { gateSetting, member, someJump } from '../support/gate-setting.ts';
import { someGate, someGrant, someProfile, someTarget } from '../support/memory-book.ts';
import { storedKey } from '../support/memory-keys.ts';

const page = readFileSync(new URL('../../docs/GATE-COMMANDS.md', import.meta.url), 'utf8');
const specs: readonly CommandSpec[] = gateCommands;

t.test('every command is there, with every option that it has', (t) => {
  for (const { name, options } of specs) {
    const told = page.split('\n').filter((line) => new RegExp(`\\b${name}\\b`).test(line));
    t.ok(told.length > 0, name);
    for (const option of options)
      t.ok(
        told.some((line) => new RegExp(`--${option.name}\\b`).test(line)),
        `${name} --${option.name}`,
      );
  }
  t.end();
});

t.test('every option that is named is one', (t) => {
  const known = new Set([...specs.flatMap(({ options }) => options.map(({ name }) => name)), 'json', 'help']);
  for (const [, name = ''] of page.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g))
    t.ok(known.has(name), `--${name}`);
  t.end();
});

t.test('every line that one would type is understood', (t) => {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  t.ok(blocks.length > 20);
  for (const line of blocks) {
    const command = line.split('|').at(-1)?.trim() ?? '';
    const split = splitWords(
      command.replace(/^(?:porthole|ssh -p 443 \S+) /, '').replace(/ \S*\*\S*\.pub/, ' x.pub'),
    );
    t.match(parseCommand(split.ok ? split.value : []), { kind: 'command' }, line);
  }
  t.end();
});

/** The names in the row of a table that begins so; those in parentheses belong to one of them. */
function fieldsOf(thing: string): string[] {
  const row = page.split('\n').find((line) => new RegExp(`^\\| ${thing} +\\|`).test(line)) ?? '';
  const cell = (row.split('|')[2] ?? '').split(';')[0]?.replace(/\([^)]*\)/g, '') ?? '';
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort();
}

t.test('the fields of JSON are those that there are', async (t) => {
  const keys = [storedKey({ fingerprint: 'SHA256:a', principal: 'ana', name: 'a' })];
  const gates = [someGate({ keys: [{ fingerprint: 'SHA256:a', addedAt: 1, addedBy: 'root' }] })];
  const parts = { targets: [someTarget()], profiles: [someProfile()], grants: [someGrant()], keys, gates };
  const { run } = gateSetting({ ...parts, environments: { 'pr-42': 'ana' } });
  const first = async (words: string, as = {}): Promise<object> =>
    (JSON.parse((await run(`${words} --json`, as)).stdout.join('')) as object[])[0] ?? {};
  const { keys: listed } = JSON.parse((await run('gate keys ops --json')).stdout.join('')) as {
    keys: object[];
  };
  const moment = { online: true, principal: 'ana', gates: [], now: 1 };
  const gate = { identity: { fingerprint: '', role: 'member' }, own: { host: 'a', port: 1 } } as const;
  const things: Record<string, object> = {
    'a machine': targetJson(someTarget(), moment),
    'a profile': await first('target profile list', member('eve')),
    'a gate': gateJson(someGate(), gate),
    'a gate key': listed[0] ?? {},
    'a grant': await first('grant list'),
    'a session': jumpJson(someJump()),
  };
  for (const [thing, value] of Object.entries(things))
    t.same(fieldsOf(thing), Object.keys(value).sort(), thing);
});
