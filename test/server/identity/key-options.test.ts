import fc from 'fast-check';
import t from 'tap';
import { readOptions } from '../../../server/identity/key-options.ts';
import { defaultKeyRules } from '../../../server/identity/key-record.ts';

const key = 'ssh-ed25519 AAAA';

/** A value as it stands in quotes. */
function quoted(value: string): string {
  return `"${value.replaceAll('"', '\\"')}"`;
}

t.test('options, in any order and case, and what follows them', (t) => {
  t.same(readOptions(`principal="ci",role="machine",env="pr-*,main" ${key}`), {
    options: { principal: 'ci', role: 'machine', env: ['pr-*', 'main'], rules: defaultKeyRules },
    rest: key,
  });
  t.match(readOptions(`access="team" ${key}`), { options: { access: 'team' }, rest: key });
  t.same(readOptions(`env="a",ROLE="member",Env="b"\t ${key}`), {
    options: { role: 'member', env: ['a', 'b'], rules: defaultKeyRules },
    rest: key,
  });
  t.end();
});

t.test('what a FIDO key must show', (t) => {
  const cases = {
    'verify-required': { touchRequired: true, verifyRequired: true },
    'no-touch-required': { touchRequired: false, verifyRequired: false },
    'role="machine",No-Touch-Required,verify-required,env="a"': {
      touchRequired: false,
      verifyRequired: true,
    },
    'role="machine"': defaultKeyRules,
  };
  for (const [text, rules] of Object.entries(cases))
    t.match(readOptions(`${text} ${key}`), { options: { rules }, rest: key }, text);
  t.match(readOptions(`verify-required="no" ${key}`), { problem: /takes? no value/ });
  t.match(readOptions(`no-touch-required="" ${key}`), { problem: /takes? no value/ });
  t.end();
});

t.test('quotes: blanks, commas, backslashes and quotes in a value', (t) => {
  const cases: [string, string][] = [
    [String.raw`"a b"`, 'a b'],
    [String.raw`"a,b=c"`, 'a,b=c'],
    [String.raw`"say \"hi\""`, 'say "hi"'],
    [String.raw`"C:\dir"`, String.raw`C:\dir`],
    [String.raw`"a\\"b"`, String.raw`a\"b`],
  ];
  for (const [text, value] of cases)
    t.same(
      readOptions(`principal=${text} ${key}`),
      { options: { principal: value, env: [], rules: defaultKeyRules }, rest: key },
      text,
    );
  t.end();
});

t.test('any principal comes back as it was written', (t) => {
  const values = fc
    .stringMatching(/^[ -~]{1,30}$/)
    .filter((value) => !value.endsWith('\\') && !value.includes('\\"'));
  fc.assert(
    fc.property(values, (value) => {
      const read = readOptions(`role="admin",principal=${quoted(value)} ${key}`);
      return 'options' in read && read.options.principal === value && read.rest === key;
    }),
    { numRuns: 1000 },
  );
  t.end();
});

t.test('what is not understood admits nobody', (t) => {
  const lines = [
    ...[
      '',
      'restrict',
      'principal',
      'principal=ci',
      'principal=',
      'principal="',
      'principal="a',
      'principal=""',
      'principal="a"b',
    ],
    ...[
      'from="10.0.0.0/8"',
      'cert-authority',
      'no-pty',
      'command="/bin/sh"',
      'constructor="x"',
      '__proto__="x"',
    ],
    ...[
      'access="all"',
      'access=""',
      'access="team",access="team"',
      'role="root"',
      'role="Admin"',
      'role=""',
      'env=""',
      'env="PR-*"',
      'env="pr-*,"',
      'env="pr 1"',
      'env="!pr-*"',
      'env="a.b"',
    ],
    ...[
      'principal="a",',
      ',principal="a"',
      'principal="a",,role="admin"',
      'principal="a" ,role="admin"',
      'principal ="a"',
    ],
    ...[
      'principal="a",principal="b"',
      'role="machine",role="admin"',
      'expiry-time="20300101",expiry-time="20310101"',
    ],
    ...[String.raw`principal="a\"`, String.raw`principal="a\",role="admin"`],
  ];
  for (const line of lines) {
    const read = readOptions(`${line} ${key}`);
    t.notOk('options' in read && read.rest === key, line);
  }
  t.match(readOptions(`cert-authority ${key}`), { problem: /--user-ca/ });
  const word = 'Secret'.repeat(20);
  t.notMatch(readOptions(`${word} ${key}`), { problem: word }, 'what is no option is not told whole');
  t.end();
});

t.test('no text takes long, or throws', (t) => {
  const texts = [
    '"\\"'.repeat(5000),
    `principal="${'\\"'.repeat(8000)}`,
    'a'.repeat(16_000),
    'principal="a",'.repeat(1000),
  ];
  for (const text of texts) t.ok('problem' in readOptions(text));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', '\\', ',', ' ', '=', 'a', 'env') }), (text) => {
      readOptions(text);
    }),
  );
  t.end();
});

t.test('expiry-time: local time, or UTC with a Z', (t) => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'America/New_York';
  t.teardown(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
  const cases: [string, string][] = [
    ['20300115', '2030-01-15T05:00:00Z'],
    ['20300115Z', '2030-01-15T00:00:00Z'],
    ['203007151230', '2030-07-15T16:30:00Z'],
    ['203007151230Z', '2030-07-15T12:30:00Z'],
    ['20300715123059', '2030-07-15T16:30:59Z'],
    ['20300715123059Z', '2030-07-15T12:30:59Z'],
    ['20280229Z', '2028-02-29T00:00:00Z'],
  ];
  for (const [text, instant] of cases) {
    const read = readOptions(`expiry-time="${text}" ${key}`);
    t.equal('options' in read && read.options.expiresAt, Date.parse(instant), text);
  }
  t.end();
});

t.test('expiry-time: dates that the calendar does not have', (t) => {
  const texts = [
    ...[
      '2030',
      '203001',
      '2030-01-15',
      '20300115 ',
      '20300115z',
      '2030011512',
      '203001151',
      '20300115120',
      '203001151230590',
    ],
    ...[
      '20301301',
      '20300001',
      '20309901',
      '20300100',
      '20300132',
      '20300230',
      '20290229',
      '203001152400',
      '203001151260',
      '20300115123060',
    ],
  ];
  for (const text of texts)
    t.match(readOptions(`expiry-time="${text}" ${key}`), { problem: /expiry-time must be/ }, text);
  t.end();
});
