import fc from 'fast-check';
import t from 'tap';
import { readFlags } from '../../../server/config/flags.ts';
import type { Field } from '../../../server/config/keys.ts';

const textOf = (argv: string[], field: Field): unknown => readFlags(argv).given.get(field)?.text;

t.test('a value follows its flag or stands in it', async (t) => {
  for (const argv of [['--hold', '5s'], ['--hold=5s']]) {
    const { given, problems } = readFlags(argv);
    t.same(problems, []);
    t.same(given.get('holdMs'), { text: '5s', source: { kind: 'flag', name: '--hold' } });
  }
});

t.test('lists gather, of other flags the last wins', async (t) => {
  t.same(textOf(['--listen', '[::1]:1', '--listen=:2'], 'listen'), ['[::1]:1', ':2']);
  t.equal(textOf(['--hold', '5s', '--hold', '6s'], 'holdMs'), '6s');
});

t.test('what the program is asked to do', async (t) => {
  t.equal(readFlags([]).action, 'serve');
  t.equal(readFlags(['--print-config']).action, 'print-config');
  t.equal(readFlags(['--version', '--print-config']).action, 'version');
  t.equal(readFlags(['-V']).action, 'version');
  t.equal(readFlags(['--print-config', '-h', '--nonsense']).action, 'help');
  t.same(readFlags(['--help=yes']).problems, ['--help: takes no value']);
});

t.test('--replace stands alone', async (t) => {
  t.equal(readFlags([]).replace, false);
  t.equal(readFlags(['--replace', '--hold', '5s']).replace, true);
  t.same(readFlags(['--replace=yes']).problems, ['--replace: takes no value']);
});

t.test('the configuration file', async (t) => {
  t.equal(readFlags(['--config', '/etc/p.toml']).configFile, '/etc/p.toml');
  t.equal(readFlags(['--config=p.toml']).configFile, 'p.toml');
  t.equal(readFlags([]).configFile, undefined);
  t.same(readFlags(['--config']).problems, ['--config: needs a value']);
});

t.test('a flag does not swallow the next flag', async (t) => {
  const { problems, given } = readFlags(['--tls-cert', '--hold', '5s', '--tls-key=', '--domain']);
  t.same(problems, ['--tls-cert: needs a value', '--tls-key: needs a value', '--domain: needs a value']);
  t.same([...given.keys()], ['holdMs']);
});

t.test('unknown words are problems, one each', async (t) => {
  t.same(readFlags(['--hodl', '5s', '--x=1', 'serve', '-', '-p']).problems, [
    '--hodl: unknown flag (did you mean --hold?)',
    '--x: unknown flag',
    'unexpected argument "serve": everything is a flag, see --help',
    'unexpected argument "-": everything is a flag, see --help',
    '-p: unknown flag (did you mean -h?)',
  ]);
});

t.test('every word is read, or told as a problem', async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '--hold',
      '--listen',
      '--config',
      '--help',
      '--replace',
      '--tls-cert=x',
      '--',
      '--=',
      '--__proto__',
    ),
  );
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      const { given, problems, action, configFile, replace } = readFlags(argv);
      const nothing = given.size === 0 && configFile === undefined && !replace;
      const silent = nothing && problems.length === 0 && action === 'serve';
      return argv.length === 0 || !silent;
    }),
  );
});
