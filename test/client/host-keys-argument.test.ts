import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readHostKeys } from '../../client/host-keys-argument.ts';
import { publicKey } from '../support/public-keys.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';

const [one, two] = [publicKey().line, publicKey(2048).line];

function file(t: Test, text: string): string {
  const path = join(scratchDir(t), 'host_key.pub');
  writeFileSync(path, text);
  return path;
}

const stdin = (text: string) => ({ readStdin: () => Promise.resolve(text) });

t.test('of several files each key once, or from standard input', async (t) => {
  const words = [file(t, `${one} root@a\n`), file(t, `${two}\n`), file(t, `host ${one}\n`)];
  t.same(await readHostKeys(words, stdin('')), { ok: true, value: [one, two] });
  t.same(await readHostKeys(['-'], stdin(`# comment\nhost ${two}\n`)), { ok: true, value: [two] });
  t.same(await readHostKeys([], stdin(one)), { ok: true, value: [one] });
});

t.test('what cannot be read, and what is none', async (t) => {
  t.match(await readHostKeys(['/nowhere'], stdin('')), { ok: false, problem: /there is no file/ });
  t.match(await readHostKeys([one], stdin('')), { ok: false, problem: /name of its file/ });
  t.match(await readHostKeys(['-'], stdin('')), {
    ok: false,
    problem: /^standard input: there is no host key/,
  });
  const odd = file(t, 'odd');
  t.match(await readHostKeys([odd], stdin('')), { ok: false, problem: `${odd}: line 1: ` });
  const many = Array.from({ length: 17 }, () => file(t, publicKey().line));
  t.match(await readHostKeys(many, stdin('')), { ok: false, problem: /more than 16/ });
});

t.test('a private key goes nowhere', async (t) => {
  const { path, privateKey } = makeKey(t);
  const read = await readHostKeys([file(t, one), path], stdin(''));
  t.match(read, { ok: false, problem: `${path} is an OpenSSH private key; nothing of it was sent` });
  t.notOk(JSON.stringify(read).includes(privateKey.split('\n')[1] ?? '-'));
});
