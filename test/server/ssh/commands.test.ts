import t from 'tap';
import { helpLines, runCommand, type CommandContext } from '../../../server/ssh/commands.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { fakeUrls } from '../../support/ssh-gateway.ts';

function context(overrides: Partial<CommandContext> = {}): CommandContext {
  return {
    keyId: 'abcdefghijkl',
    env: 'pr-1',
    forwards: [],
    refusals: [],
    roundTripMs: 12.345,
    urls: fakeUrls,
    environments: { all: () => ({ reports: [], more: 0 }), named: () => undefined },
    envNameOf: (text) => text.toLowerCase(),
    ...overrides,
  };
}

t.test("hello has the very shape that Preevy's clients read", (t) => {
  const socket = Object.assign(new FakeForward({ service: 'api', port: 3000 }), {
    request: { kind: 'streamlocal', socketPath: '/api/3000?access=private' },
  });
  const result = runCommand(context({ forwards: [new FakeForward({ service: 'web' }), socket] }), ['hello']);
  t.same(result, {
    kind: 'json',
    value: {
      clientId: 'abcdefghijkl',
      env: 'pr-1',
      tunnels: {
        'web:80': 'https://web--pr-1.preview.test/',
        '/api/3000?access=private': 'https://api--3000--pr-1.preview.test/',
      },
      rootUrl: 'https://preview.test/',
      baseUrl: { hostname: 'preview.test', port: '', protocol: 'https:' },
    },
  });
  t.same(Object.keys((result as { value: object }).value), [
    'clientId',
    'env',
    'tunnels',
    'rootUrl',
    'baseUrl',
  ]);
  t.end();
});

t.test('tunnel-url, in every way in which a service can be named', (t) => {
  const names = [
    'web',
    'web:8080',
    'web:80',
    '/web',
    '/web/8080',
    '80',
    'localhost',
    'Web_App',
    '__proto__',
    '/web?access=nonsense',
  ];
  const result = runCommand(context(), ['tunnel-url', ...names]);
  const value = (result as { value: Record<string, string> }).value;
  t.same(Object.keys(value), [
    ...names.filter((name) => /^\d+$/.test(name)),
    ...names.filter((name) => !/^\d+$/.test(name)),
  ]);
  t.match(value, {
    web: 'https://web--pr-1.preview.test/',
    'web:8080': 'https://web--8080--pr-1.preview.test/',
    'web:80': 'https://web--pr-1.preview.test/',
    '/web': 'https://web--pr-1.preview.test/',
    '/web/8080': 'https://web--8080--pr-1.preview.test/',
    localhost: 'https://pr-1.preview.test/',
    Web_App: /^https:\/\/web-app-[a-z2-7]{6}--pr-1\.preview\.test\/$/,
  });
  t.match(runCommand(context(), ['tunnel-url']), { kind: 'error', status: 2 });
  t.end();
});

t.test('status tells the forwards, and what was refused', (t) => {
  const lost = new FakeForward({ service: 'db', access: 'public' });
  lost.end();
  const forwards = [new FakeForward(), lost, new FakeForward({ service: 'ssh', options: { scheme: 'tcp' } })];
  const refusals = [{ request: { kind: 'tcpip', bindAddr: 'x', bindPort: 1 }, reason: 'taken' }] as const;
  const result = runCommand(context({ forwards, refusals }), ['status', '--json']);
  t.match(result, {
    kind: 'json',
    value: {
      clientId: 'abcdefghijkl',
      env: 'pr-1',
      roundTripMs: 12.3,
      forwards: [
        {
          request: 'web:80',
          url: 'https://web--pr-1.preview.test/',
          service: 'web',
          port: null,
          access: 'private',
          state: 'ready',
        },
        { service: 'db', access: 'public', state: 'offline' },
        { service: 'ssh' },
      ],
      refused: [{ request: 'x:1', reason: 'taken' }],
    },
  });
  const told = (result as { value: { forwards: object[] } }).value.forwards;
  t.same(
    told.map((forward) => 'shareUrl' in forward),
    [true, false, false],
    'a link where one is needed',
  );
  t.notOk(
    'roundTripMs' in (runCommand(context({ roundTripMs: undefined }), ['status']) as { value: object }).value,
  );
  t.end();
});

t.test('status tells of environments, or of one', (t) => {
  const report = {
    env: 'pr-1',
    owner: 'me',
    state: 'degraded',
    since: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:00.000Z',
    services: [
      {
        service: 'web',
        port: null,
        url: 'x',
        access: 'public',
        state: 'degraded',
        since: '2026-01-01T00:00:00.000Z',
      },
    ],
    tunnels: [],
  } as const;
  const environments = {
    all: () => ({ reports: [report], more: 3 }),
    named: (env: string) => (env === 'pr-1' ? report : undefined),
  };
  const knowing = context({ environments, forwards: [new FakeForward({ service: 'web' })] });
  t.match(runCommand(knowing, ['status']), {
    value: { env: 'pr-1', forwards: [{ state: 'degraded' }], environments: [report], moreEnvironments: 3 },
  });
  t.same(runCommand(knowing, ['status', 'PR-1', '--json']), { kind: 'json', value: report });
  t.match(runCommand(knowing, ['status', 'pr-2']), { kind: 'error', status: 1 });
  t.match(runCommand(knowing, ['status', 'pr-1', 'pr-2']), { kind: 'error', status: 2 });
  t.same((runCommand(context(), ['status']) as { value: object }).value, {
    clientId: 'abcdefghijkl',
    env: 'pr-1',
    roundTripMs: 12.3,
    forwards: [],
    refused: [],
    environments: [],
  });
  t.end();
});

t.test('help names every command', (t) => {
  const result = runCommand(context(), ['help']);
  t.same(result, { kind: 'text', lines: helpLines() });
  const text = helpLines().join('\n');
  for (const command of ['hello', 'tunnel-url', 'status', 'help', 'access=']) t.match(text, command);
  t.end();
});

t.test('help tells of the commands that manage the gateway, as far as they are told', (t) => {
  const told: (readonly string[])[] = [];
  const otherHelp = (about: readonly string[]): readonly string[] => {
    told.push(about);
    return about[0] === 'nothing' ? [] : ['  key list'];
  };
  const managing = context({ otherHelp, otherCommands: ['key', 'audit'] });
  t.match(runCommand(managing, ['help']), { kind: 'text', lines: helpLines(['  key list']) });
  t.same(runCommand(managing, ['help', 'key']), { kind: 'text', lines: ['  key list'] });
  t.match(runCommand(managing, ['help', 'status']), { lines: [/^status \[ENV\]/] });
  t.match(runCommand(managing, ['help', 'nothing']), { kind: 'error', status: 2 });
  t.match(runCommand(context(), ['help', 'key']), { kind: 'error', status: 2 });
  t.same(told, [[], ['key'], ['status'], ['nothing']]);
  t.match(runCommand(managing, ['keys']), { message: /did you mean key/ });
  t.match(runCommand(managing, ['statsu']), { message: /did you mean status/ });
  t.end();
});

t.test('an unknown command fails with a hint', (t) => {
  for (const word of ['helo', 'constructor', '__proto__', 'toString', 'rm', '']) {
    t.match(runCommand(context(), [word]), { kind: 'error', status: 2, message: /help/ }, word);
  }
  t.match(runCommand(context(), []), { kind: 'error' });
  t.match(runCommand(context(), ['a\u001b[2J']), { message: /"a\\u001b\[2J"/ }, 'escaped');
  t.end();
});
