import fc from 'fast-check';
import t from 'tap';
import { readConfigFile } from '../../../server/config/file.ts';

const read = (text: string) => readConfigFile('/etc/p.toml', () => text);

t.test('values become the text of a flag', async (t) => {
  const { given, problems } = read('hold = "5s"\nmax-forwards = 8\nlisten = ["[::1]:1", ":2"]\n');
  t.same(problems, []);
  t.same(given.get('holdMs'), { text: '5s', source: { kind: 'file', name: '/etc/p.toml:hold' } });
  t.equal(given.get('maxForwards')?.text, '8');
  t.same(given.get('listen')?.text, ['[::1]:1', ':2']);
});

t.test('unknown keys and values of other shapes are problems, all told', async (t) => {
  const text = 'hodl = "5s"\nstate_dir = "/x"\nhold = 2024-01-01\n"a\\nb" = 1\n[limits]\nmax-forwards = 1\n';
  t.same(read(text).problems, [
    '/etc/p.toml:hodl: unknown key (did you mean hold?)',
    '/etc/p.toml:state_dir: unknown key (did you mean state-dir?)',
    '/etc/p.toml:hold: takes text, a number, or an array of texts',
    '/etc/p.toml:a\\u000ab: unknown key',
    '/etc/p.toml:limits: unknown key',
  ]);
  t.same(read('listen = [[":1"]]').problems, [
    '/etc/p.toml:listen: takes text, a number, or an array of texts',
  ]);
});

t.test('a syntax error is told with its place and without the line', async (t) => {
  const [problem] = read('hold = "5s"\ntls-key = -----BEGIN hunter2\n').problems;
  t.match(problem, /^\/etc\/p\.toml:2:\d+: /);
  t.notMatch(problem, 'hunter2');
});

t.test('a file that cannot be read', async (t) => {
  const { problems } = readConfigFile('/nowhere', () => {
    throw new Error('ENOENT: no such file');
  });
  t.same(problems, ['/nowhere: cannot be read: ENOENT: no such file']);
});

t.test('no text breaks the reader', async () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('hold', '=', '"5s"', '[', ']', '\n', '__proto__', '1'))
      .map((parts) => parts.join(' ')),
  );
  fc.assert(fc.property(text, (toml) => Array.isArray(read(toml).problems)));
});
