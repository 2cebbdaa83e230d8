import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readKeyArgument, type KeyArgument } from '../../client/public-key-argument.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from './fake-gateway.ts';

const { public: line, private: secret } = makeKey();

/** Reads a word, with this on standard input. */
function read(word: string, stdin = ''): Promise<KeyArgument> {
  return readKeyArgument(word, { readStdin: (maxBytes) => Promise.resolve(stdin.slice(0, maxBytes)) });
}

t.test('a file, a pipe, standard input', async (t) => {
  const dir = scratchDir(t);
  const file = join(dir, 'id.pub');
  writeFileSync(file, `${line} ana\n`);
  const wanted = { ok: true, key: { line: `${line} ana`, comment: 'ana' } };
  t.match(await read(file), wanted);
  t.match(await read('-', `${line} ana\n`), wanted);
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [piped] = await Promise.all([
    read(pipe),
    import('node:fs/promises').then(({ writeFile }) => writeFile(pipe, `${line} ana\n`)),
  ]);
  t.match(piped, wanted);
});

t.test('a private key is named by its form, and where its public half is', async (t) => {
  const file = join(scratchDir(t), 'id');
  writeFileSync(file, secret);
  const alone = await read(file);
  t.match(alone, {
    ok: false,
    code: 'private-key',
    problem: /an OpenSSH private key; nothing of it was sent/,
  });
  t.match(alone, { problem: /ssh-keygen -y -f / });
  writeFileSync(`${file}.pub`, line);
  t.match(await read(file), { ok: false, problem: new RegExp(`Give its public half: ${file}\\.pub$`) });
  const stdin = await read('-', secret);
  t.match(stdin, { ok: false, code: 'private-key', problem: /^what came on standard input is/ });
  for (const told of [alone, stdin])
    t.notOk(
      secret
        .split('\n')
        .some((part) => part.length > 20 && !part.startsWith('-') && JSON.stringify(told).includes(part)),
    );
});

t.test('words that are no key', async (t) => {
  const dir = scratchDir(t);
  mkdirSync(join(dir, 'folder'));
  writeFileSync(join(dir, 'text'), 'hello\n');
  const cases: [string, RegExp][] = [
    [join(dir, 'none'), /^there is no file /],
    [join(dir, 'folder'), /is a directory: name the public key in it/],
    [join(dir, 'text'), /text: /],
    ['/dev/zero', /larger than any key/],
    [line, /name of its file is meant; give - /],
    ['a\u001b[2Jb', /^there is no file "a\\u001b\[2Jb"$/],
    ['x'.repeat(5000), /cannot be read: ENAMETOOLONG$/],
  ];
  for (const [word, problem] of cases) t.match(await read(word), { ok: false, problem }, problem.source);
  t.match(await read('-', 'x'.repeat(100_000)), { ok: false, problem: /standard input is larger/ });
  t.match(await read('-'), { ok: false, code: 'empty' });
});
