import fc from 'fast-check';
import t from 'tap';
import { commandWords } from '../../../server/operator/command-words.ts';

t.test('a command begins with a word, the gateway with a flag or nothing', async (t) => {
  t.equal(commandWords([]), undefined);
  t.equal(commandWords(['--listen', '127.0.0.1:0']), undefined);
  t.equal(commandWords(['--help']), undefined);
  t.equal(commandWords(['--state-dir', '/x']), undefined);
  t.equal(commandWords(['--state-dir=/x', '--replace']), undefined);
  t.same(commandWords(['admin', 'add', 'x.pub', '--name', 'y']), ['admin', 'add', 'x.pub', '--name', 'y']);
});

t.test('the flags that say which gateway may stand before it', async (t) => {
  t.same(commandWords(['--state-dir', '/x', '--config=/y', 'backup', 'f']), [
    'backup',
    'f',
    '--state-dir',
    '/x',
    '--config=/y',
  ]);
  t.equal(commandWords(['--state-dir', '/x', '--domain', 'admin']), undefined);
});

t.test('no command line of flags alone is taken for a command', async () => {
  const flag = fc.stringMatching(/^--[a-z-]+(=.*)?$/);
  fc.assert(
    fc.property(fc.array(flag), (flags) => {
      const others = flags.filter((each) => each !== '--state-dir' && each !== '--config');
      return commandWords(others) === undefined;
    }),
  );
});
