import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { parseAuthorities, UserAuthorities } from '../../../server/identity/user-authorities.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

const [first, second, third] = [makeKey(t), makeKey(t, { type: 'rsa', bits: 2048 }), makeKey(t)];

function open(t: TestScope, ...texts: readonly string[]) {
  const dir = scratchDir(t);
  const paths = texts.map((text, index) => {
    const path = join(dir, `ca${String(index)}`);
    writeFileSync(path, text);
    return path;
  });
  const { log, lines } = createLog();
  const authorities = new UserAuthorities({ paths, log, pollMs: 2, settleMs: 2 });
  t.teardown(() => {
    authorities.close();
  });
  const changes = { count: 0 };
  authorities.onChange(() => (changes.count += 1));
  return { authorities, paths, lines, changes };
}

t.test('the keys of several files, several in one', async (t) => {
  const { authorities } = open(t, `# ours\n${first.line} ca\n\n${second.line}\n`, `${first.line}\n`);
  t.ok(authorities.has(first.blob));
  t.ok(authorities.has(second.blob));
  t.ok(authorities.knows(fingerprint(second.blob)));
  t.notOk(authorities.knows(fingerprint(third.blob)));
  t.notOk(authorities.has(third.blob));
  t.equal(authorities.size, 2);
});

t.test('read again when a file changes; one that is gone admits nobody', async (t) => {
  const { authorities, paths, lines, changes } = open(t, first.line, second.line);
  const [path = ''] = paths;
  writeFileSync(path, third.line);
  await until('the other key', () => authorities.has(third.blob));
  t.notOk(authorities.has(first.blob));
  rmSync(path);
  await until('its end', () => !authorities.has(third.blob));
  t.ok(authorities.has(second.blob), 'the other file goes on');
  t.match(lines.at(-1), { level: 'error', path, problem: 'there is no such file' });
  writeFileSync(path, 'nonsense\n');
  await until('a complaint', () => lines.at(-1)?.['problem'] === 'there is no public key in it');
  rmSync(path);
  mkdirSync(path);
  await until('another', () => String(lines.at(-1)?.['problem']).includes('EISDIR'));
  rmSync(path, { recursive: true });
  writeFileSync(path, first.line);
  await until('its return', () => authorities.has(first.blob));
  t.equal(changes.count, 5);
});

t.test('what cannot be used at the start is a clear error', async (t) => {
  const { log } = createLog();
  const dir = scratchDir(t);
  const good = join(dir, 'good');
  writeFileSync(good, first.line);
  const cases: readonly (readonly [string, string | undefined, RegExp])[] = [
    ['none', undefined, /no such file/],
    ['empty', '# nothing\n', /no public key/],
    ['private', first.privateKey, /no public key/],
  ];
  for (const [name, text, message] of cases) {
    if (text !== undefined) writeFileSync(join(dir, name), text);
    t.throws(() => new UserAuthorities({ paths: [good, join(dir, name)], log }), {
      code: 'ERR_CONFIG',
      message,
    });
  }
});

t.test('lines that name no authority', async (t) => {
  const sk =
    'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE5LMF/UVWXPzAIPSpHcFWzB9Sdp2oQBF4SZWLZ/Zd5sAAAABHNzaDo=';
  const { keys, problems } = parseAuthorities(`${sk}\ncert-authority ${first.line}\nx\n${third.line}`);
  t.same([...keys], [fingerprint(third.blob)]);
  t.equal(problems.length, 3);
  t.match(problems[1], /^line 2: /);
});
