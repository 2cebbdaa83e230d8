import fc from 'fast-check';
import t from 'tap';
import { parseCommand } from '../../core/command-line.ts';
import { commandNames } from '../../core/commands.ts';

const values = (words: string): unknown => {
  const line = parseCommand(words.split(' '));
  return line.kind === 'command' ? { [line.call.name]: line.call.values, json: line.json } : line;
};

t.test('arguments by their place, options by their name', (t) => {
  const cases = {
    'key add': { 'key add': {}, json: false },
    'key add -': { 'key add': { file: '-' }, json: false },
    'key add --name ci --role=member --env pr-* --env=main --expires 2m --json': {
      'key add': {
        name: 'ci',
        role: 'member',
        env: ['pr-*', 'main'],
        expires: { kind: 'distance', ms: 120_000 },
      },
      json: true,
    },
    'key list --all --unused 90d': { 'key list': { all: true, unused: 7_776_000_000 }, json: false },
    'key rename ci -- robot': { 'key rename': { key: 'ci', name: 'robot' }, json: false },
    'key revoke --reason=--gone-- ci': { 'key revoke': { key: 'ci', reason: '--gone--' }, json: false },
    'key expire ci never': { 'key expire': { key: 'ci', when: { kind: 'never' } }, json: false },
    'env transfer pr-1 ana --json': { 'env transfer': { env: 'pr-1', principal: 'ana' }, json: true },
    audit: { audit: { limit: 100 }, json: false },
    'audit --limit 5': { audit: { limit: 5 }, json: false },
    cert: { cert: {}, json: false },
  };
  for (const [words, expected] of Object.entries(cases)) t.same(values(words), expected, words);
  t.end();
});

t.test('what is wrong is told, and what was meant', (t) => {
  const cases: Readonly<Record<string, RegExp>> = {
    '': /unknown command ""/,
    kye: /did you mean key/,
    key: /needs one of add, list/,
    'key lst': /did you mean list/,
    'key toString': /unknown command/,
    'key add --nmae x': /--nmae.*did you mean --name/,
    'key add -n x': /unknown option "-n"/,
    'key add --constructor x': /unknown option/,
    'key add -- a b': /"b" is one word too many/,
    'key add --name': /--name needs its NAME/,
    'key add --name --json': /--name=\.\.\./,
    'key add --name a --name b': /given twice/,
    'key add --json --json': /given twice/,
    'key add --json=yes': /takes no value/,
    'key add --name a/b': /--name may have letters/,
    'key add --name=': /--name is empty/,
    'key add --role root': /--role takes machine, member or admin/,
    'key add --env PR-*': /--env pattern "PR-\*" can match no environment/,
    'key add --expires 30': /--expires .*needs a unit/,
    'key add --principal -x': /--principal may have/,
    'key rename ci': /NAME is missing/,
    'key expire ci tomorrow': /WHEN "tomorrow" is no time/,
    'key list --all=1': /takes no value/,
    'key list --unused 0d': /--unused/,
    'audit --limit 0': /--limit takes a number from 1/,
    'audit --limit x': /--limit takes a number/,
    'audit --limit 99999': /at most 10000/,
  };
  for (const [words, problem] of Object.entries(cases))
    t.match(values(words), { kind: 'problem', problem }, words);
  t.match(parseCommand(['key', 'show', 'a\u001b[2J']), { problem: /control characters/ });
  t.notMatch(parseCommand(['key', 'show', 'a', '\u001b[2J']), { problem: /\u001b/ });
  t.match(parseCommand(['key', 'revoke', 'a', '--reason', 'x'.repeat(201)]), { problem: /longer/ });
  t.end();
});

t.test('help is asked for at any place before --', (t) => {
  for (const [words, about] of [
    ['key --help', ['key']],
    ['key -h', ['key']],
    ['key help', ['key']],
    ['key add --help', ['key', 'add']],
    ['key add --nonsense -h', ['key', 'add']],
    ['cert --help', ['cert']],
  ] as const)
    t.same(parseCommand(words.split(' ')), { kind: 'help', about });
  t.match(parseCommand(['key', 'show', '--', '--help']), {
    kind: 'command',
    call: { values: { key: '--help' } },
  });
  t.end();
});

t.test('no words make it throw', (t) => {
  const start = fc.constantFrom(...commandNames.map((name) => name.split(' ')), ['key'], []);
  const word = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('--', '-', '--name', '--env', '--expires', '--json', '--limit=1', 'a', '__proto__'),
  );
  fc.assert(
    fc.property(start, fc.array(word, { maxLength: 6 }), (start, rest) =>
      ['command', 'help', 'problem'].includes(parseCommand([...start, ...rest]).kind),
    ),
  );
  t.end();
});
