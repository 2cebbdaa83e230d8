import fc from 'fast-check';
import t from 'tap';
import {
  configPath,
  isGateName,
  isHostAlias,
  isHostKey,
  isHostName,
  isUuid,
} from '../../core/ssh-config-value.ts';

t.test('a host alias is one name and nothing that ssh reads as more', (t) => {
  for (const good of ['pr-42', 'PR.42_x', 'a', '0e3c']) t.ok(isHostAlias(good), good);
  const bad = [
    '',
    '-pr',
    'pr-',
    '*',
    'pr?',
    '!pr',
    'a,b',
    'a b',
    'a=b',
    'a#b',
    '"a"',
    'a%h',
    'localhost',
    'LOCALHOST',
  ];
  for (const each of [...bad, 'a\nb', 'x'.repeat(65), 'ä']) t.notOk(isHostAlias(each), each);
  t.end();
});

t.test('host names and addresses', (t) => {
  for (const good of ['preview.example.com', 'localhost', '192.0.2.1', '2001:db8::1', '_x.y', 'a.b.'])
    t.ok(isHostName(good), good);
  for (const bad of [
    '',
    '-oProxyCommand=x',
    'a b',
    'a%h',
    'fe80::1%eth0',
    'a"b',
    'a\n',
    '[::1]',
    'x'.repeat(254),
  ])
    t.notOk(isHostName(bad), bad);
  t.end();
});

t.test('UUIDs, names of gates, host keys', (t) => {
  t.ok(isUuid('3f0e9d62-08a4-4c5f-9a54-0d4bb3b1c0de'));
  t.notOk(isUuid('3F0E9D62-08A4-4C5F-9A54-0D4BB3B1C0DE'));
  t.notOk(isUuid('3f0e9d62-08a4-4c5f-9a54-0d4bb3b1c0de\n'));
  t.ok(isGateName('contractors'));
  t.notOk(isGateName('-l root'));
  t.ok(isHostKey('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVsbG8='));
  for (const bad of [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA'x",
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA comment',
    'x',
    ' ',
  ])
    t.notOk(isHostKey(bad), bad);
  t.end();
});

t.test('a path is written in quotes, or refused', (t) => {
  t.same(configPath('/home/a b/100% #1/k'), { ok: true, value: '"/home/a b/100%% #1/k"' });
  t.same(configPath('~/.ssh/id_ed25519'), { ok: true, value: '"~/.ssh/id_ed25519"' });
  t.same(configPath('C:\\Users\\ana\\id'), { ok: true, value: '"C:\\Users\\ana\\id"' });
  t.same(configPath('/costs $5'), { ok: true, value: '"/costs $5"' });
  for (const bad of [
    '',
    'a"b',
    'a\nb',
    '/$'.concat('{HOME}/x'),
    'a\\',
    'a\\\\b',
    "a\\'b",
    '\u202e/x',
    '/x'.repeat(600),
  ])
    t.match(configPath(bad), { ok: false, problem: /cannot be written/ }, bad);
  t.end();
});

t.test('whatever the path, it is one quoted word in one line, in which ssh expands nothing', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (path) => {
      const written = configPath(path);
      if (!written.ok) return !/[\p{C}\p{Zl}\p{Zp}]/u.test(written.problem);
      const inner = /^"([^"\p{C}\p{Zl}\p{Zp}]+)"$/u.exec(written.value)?.[1];
      if (inner === undefined) return false;
      return inner.replaceAll('%%', '%') === path && !inner.replaceAll('%%', '').includes('%');
    }),
  );
  t.end();
});
