import fc from 'fast-check';
import t from 'tap';
import {
  includeLine,
  ownHostNames,
  withInclude,
  withoutInclude,
} from '../../../client/ssh-config/include-line.ts';

const line = 'Include ~/.ssh/porthole/config';

t.test('by ~ where ssh means the same home, else by its path', (t) => {
  t.same(includeLine('/home/ana', '/home/ana'), { ok: true, value: line });
  t.same(includeLine('/tmp/h', '/root'), { ok: true, value: 'Include /tmp/h/.ssh/porthole/config' });
  t.same(includeLine('/tmp/a b', '/root'), { ok: true, value: 'Include "/tmp/a b/.ssh/porthole/config"' });
  for (const home of ['/tmp/*', '/tmp/"', '/tmp/%d', '/tmp/a\nb'])
    t.notOk(includeLine(home, '/root').ok, home);
  t.end();
});

t.test('a line that holds for every host is enough', (t) => {
  t.equal(withInclude('', line), `${line}\n`);
  t.equal(withInclude(`# mine\n  ${line}\r\nHost x\n`, line), `# mine\n  ${line}\r\nHost x\n`);
  t.equal(withInclude(`Host x\n${line}\n`, line), `${line}\nHost x\n${line}\n`);
  t.end();
});

t.test('whatever stood there stands there again', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (text.split(/\r?\n/).some((each) => each.trim() === line)) return true;
      const once = withInclude(text, line);
      return withInclude(once, line) === once && withoutInclude(once, line) === text;
    }),
  );
  t.end();
});

t.test("the user's own names", (t) => {
  const text =
    'Host a b\n  HostName c\nhost="D" e\nHost=f\nMatch host g\n# Host h\nHost * !i j* k?\n Host\tl,m # n\n';
  t.same([...ownHostNames(text)], ['a', 'b', 'd', 'e', 'f', 'l', 'm', 'n']);
  t.end();
});
