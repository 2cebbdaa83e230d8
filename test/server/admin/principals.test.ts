import t from 'tap';
import { knownPrincipals } from '../../../server/admin/principals.ts';
import { defaultKeyRules, type KeyRecord } from '../../../server/identity/key-record.ts';

function record(principal: string, overrides: Partial<KeyRecord> = {}): KeyRecord {
  return {
    fingerprint: `SHA256:${principal}`,
    principal,
    name: 'key',
    role: 'machine',
    envPatterns: ['pr-*'],
    type: 'ssh-ed25519',
    bits: 256,
    blob: '',
    comment: '',
    options: defaultKeyRules,
    source: 'added',
    createdAt: 0,
    createdBy: 'root',
    preferred: false,
    ...overrides,
  };
}

const stored = [
  record('ana'),
  record('gone', { revokedAt: 1 }),
  record('late', { expiresAt: 999 }),
  record('both', { envPatterns: ['dev'] }),
];

const principals = knownPrincipals({
  keys: {
    all: () => stored,
    ofPrincipal: (name) => stored.filter(({ principal }) => principal === name),
    hasPrincipal: (name) => name === 'empty' || stored.some(({ principal }) => principal === name),
  },
  fileKeys: () => [record('file', { envPatterns: ['*'] }), record('both', { envPatterns: ['main'] })],
  owners: () => [{ owner: 'cert:ci' }],
  now: () => 1000,
});

t.test('who there is: by a key of the store or of the file, or by an environment', (t) => {
  for (const name of ['ana', 'gone', 'empty', 'file', 'cert:ci']) t.ok(principals.has(name), name);
  t.notOk(principals.has('nobody'));
  t.same([...principals.names()].sort(), ['ana', 'both', 'cert:ci', 'file', 'gone', 'late']);
  t.end();
});

t.test('whether one of its keys may use a name', (t) => {
  const cases: [string, string, boolean | undefined][] = [
    ['ana', 'pr-1', true],
    ['ana', 'main', false],
    ['gone', 'pr-1', false],
    ['late', 'pr-1', false],
    ['empty', 'pr-1', false],
    ['file', 'pr-1', true],
    ['both', 'dev', true],
    ['both', 'main', true],
    ['both', 'pr-1', false],
    ['cert:ci', 'pr-1', undefined],
  ];
  for (const [name, env, may] of cases) t.equal(principals.mayName(name, env), may, `${name} ${env}`);
  t.end();
});
