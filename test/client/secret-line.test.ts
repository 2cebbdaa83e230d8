import t from 'tap';
import { readSecret, type SecretLine } from '../../client/secret-line.ts';
import { makeKey } from './fake-gateway.ts';

const piped = (text: string): Promise<SecretLine> =>
  readSecret({ askPassphrase: undefined, readStdin: () => Promise.resolve(text) });

const typed = async (...answers: (string | undefined)[]): Promise<{ asked: string[]; got: SecretLine }> => {
  const asked: string[] = [];
  const got = await readSecret({
    askPassphrase: (question) => {
      asked.push(question);
      return Promise.resolve(answers[asked.length - 1]);
    },
    readStdin: () => Promise.reject(new Error('not asked for')),
  });
  return { asked, got };
};

t.test('the first line, as it is', async (t) => {
  for (const text of ['a b ', 'a b \n', 'a b \r\n', 'a b \nmore\n'])
    t.same(await piped(text), { ok: true, line: 'a b \n' });
  for (const text of ['', '\n', '\nlater\n'])
    t.match(await piped(text), { ok: false, problem: /no password/ });
});

t.test('a private key is none', async (t) => {
  const { private: key } = makeKey();
  t.match(await piped(key), { ok: false, problem: /private key; nothing of it was sent/ });
  t.match((await typed(key, key)).got, { ok: false });
});

t.test('at a terminal it is asked for twice', async (t) => {
  const { asked, got } = await typed('correct horse', 'correct horse');
  t.equal(asked.length, 2);
  t.same(got, { ok: true, line: 'correct horse\n' });
  t.match((await typed('correct horse', 'corect horse')).got, { ok: false, problem: /not the same/ });
  t.match((await typed(undefined)).got, { ok: false, problem: /given up/ });
  t.match((await typed('correct horse', undefined)).got, { ok: false, problem: /given up/ });
  t.match((await typed('', '')).got, { ok: false });
});
