import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseCommand, splitWords } from '../../../core/command-line.ts';
import { commands } from '../../../core/commands.ts';
import { createAuthorityFile } from '../../../server/identity/authority-file.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { FakeGateway, makeKey, publicBlob, type FakeRun } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

interface Ran {
  readonly command: string;
  readonly stdin: string;
}

interface Setting {
  readonly user: FakeSurroundings;
  readonly gateway: FakeGateway;
  /** What reached the gateway. */
  readonly ran: Ran[];
  readonly run: (...words: string[]) => Promise<number>;
}

/** A user with a key, and a gateway that answers every command alike. */
async function setUp(
  t: Test,
  answer: FakeRun = { stdout: 'done\n', code: 0 },
  admitted?: string[],
): Promise<Setting> {
  const ran: Ran[] = [];
  const gateway = await FakeGateway.start(t, {
    run: (command, stdin) => {
      ran.push({ command, stdin });
      return answer;
    },
    ...(admitted && { admitted }),
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  user.env['PORTHOLE_SERVER'] = `ssh://127.0.0.1:${gateway.port}`;
  user.env['PORTHOLE_HOST_KEY'] = gateway.fingerprint;
  return { user, gateway, ran, run: (...words) => user.run(...words) };
}

function wordsOf(command: string | undefined): unknown {
  const split = splitWords(command ?? '');
  return split.ok ? split.value : split.problem;
}

t.test('a flag that begins with no- stays a flag', async (t) => {
  const { run, ran, user } = await setUp(t);
  user.stdin = makeKey().public;
  t.equal(await run('key', 'add', '-', '--no-touch-required', '--verify-required'), 0);
  t.same(wordsOf(ran[0]?.command), ['key', 'add', '--verify-required', '--no-touch-required']);
});

t.test('the words of the command line become the words of the gateway', async (t) => {
  const { run, ran, user } = await setUp(t);
  t.equal(await run('key', 'revoke', 'ana/laptop', '--reason', "lost in Anne's train; sorry", '--json'), 0);
  t.same(wordsOf(ran[0]?.command), [
    'key',
    'revoke',
    "--reason=lost in Anne's train; sorry",
    '--json',
    '--',
    'ana/laptop',
  ]);
  t.same(user.stdout, ['done']);
  t.equal(await run('env', 'release', 'pr-1', '--force'), 0);
  t.same(wordsOf(ran[1]?.command), ['env', 'release', '--force', '--', 'pr-1']);
  t.equal(await run('audit', '--since', '1h'), 0);
  t.same(wordsOf(ran[2]?.command), ['audit', '--since=1h']);
  t.equal(await run('key', 'rename', '--', '-odd', 'new'), 0);
  t.same(wordsOf(ran[3]?.command), ['key', 'rename', '--', '-odd', 'new']);
});

t.test('a key is read here, and only its canonical line is sent', async (t) => {
  const { run, ran, user } = await setUp(t);
  const { public: line } = makeKey();
  const file = user.write('ana.pub', `  ${line}   ana  at home \r\n\n`);
  const given = ['--name', 'ana', '--env', 'pr-*', '--env', 'dev', '--expires', '30d'];
  t.equal(await run('key', 'add', file, ...given), 0);
  t.same(wordsOf(ran[0]?.command), [
    ...['key', 'add', '--name=ana', '--env=pr-*', '--env=dev', '--expires=30d'],
  ]);
  t.match(ran[0]?.stdin, /^ssh-ed25519 \S+ ana {2}at/);
  user.stdin = `${line} from a pipe\n`;
  t.equal(await run('key', 'add', '-'), 0);
  t.equal(ran[1]?.stdin, `${line} from a pipe\n`);
});

t.test('what the table offers is what the gateway understands', async (t) => {
  const { run, ran, user } = await setUp(t);
  const file = user.write('ana.pub', `${makeKey().public}\n`);
  const values: Record<string, string> = {
    ...{ when: '30d', expires: '30d', unused: '90d', ttl: '8h', since: '1h' },
    ...{ role: 'member', env: 'pr-1', limit: '5', source: 'github:ana', action: 'login' },
    ...{ email: 'ana@example.com', 'max-uses': '3', 'widest-access': 'team' },
    ...{ id: '0b2f7f1e-3c1d-4a6e-9d53-1c2f3a4b5c6d', 'longest-certificate': '10m', reach: 'owner' },
    ...{ host: 'gate.example.com', port: '22', keys: 'any', targets: 'listed', certificates: 'yes' },
  };
  user.stdin = 'a good password\n';
  for (const spec of commands) {
    if ('local' in spec || 'ownInClient' in spec) continue;
    const words = spec.arguments
      .filter(({ kind }) => kind !== 'secret')
      .map(({ name, kind }) => (kind !== 'text' ? file : (values[name] ?? 'x')));
    const options = spec.options.flatMap((option) =>
      'placeholder' in option ? [`--${option.name}`, values[option.name] ?? 'x'] : [`--${option.name}`],
    );
    t.equal(await run(...spec.name.split(' '), ...words, ...options, '--json'), 0, spec.name);
    const split = splitWords(ran.at(-1)?.command ?? '');
    const parsed = parseCommand(split.ok ? split.value : []);
    t.match(parsed, { kind: 'command', spec: { name: spec.name }, json: true }, spec.name);
  }
});

t.test('a command that others begin with', async (t) => {
  const { run, ran, user } = await setUp(t);
  t.equal(await run('share', 'pr-1/web', '--ttl', '2d', '--email', 'a@b.c', '--email', 'd@e.f', '--json'), 0);
  t.same(wordsOf(ran[0]?.command), [
    'share',
    '--ttl=2d',
    '--email=a@b.c',
    '--email=d@e.f',
    '--json',
    '--',
    'pr-1/web',
  ]);
  t.equal(await run('share', 'list', '--all', '--json'), 0);
  t.same(wordsOf(ran[1]?.command), ['share', 'list', '--all', '--json']);
  t.equal(await run('share', 'revoke', 'abc'), 0);
  t.same(wordsOf(ran[2]?.command), ['share', 'revoke', '--', 'abc']);
  t.equal(await run('share'), 2);
  t.equal(await run('share', '--help'), 0);
  t.match(user.stdout.join('\n'), /--max-uses <n>[^]*list \[options\] \[env\]/);
  t.equal(await run('session', 'end', '--all'), 0);
  t.same(wordsOf(ran[3]?.command), ['session', 'end', '--all']);
});

t.test('a password goes by standard input, and is no word', async (t) => {
  const { run, ran, user } = await setUp(t);
  user.stdin = ' correct horse \nnot this\n';
  t.equal(await run('password', 'set', 'pr-1'), 0);
  t.same(ran, [{ command: 'password set -- pr-1', stdin: ' correct horse \n' }]);
  t.equal(await run('password', 'set', 'pr-1', '--generate'), 0);
  t.same(ran[1], { command: 'password set --generate -- pr-1', stdin: '' });
  t.equal(await run('password', 'set', 'pr-1', 'hunter2'), 2, 'not as a word');
  user.stdin = '';
  t.equal(await run('password', 'set', 'pr-1'), 1);
  user.stdin = makeKey().private;
  t.equal(await run('password', 'set', 'pr-1'), 1);
  t.match(user.stderr.at(-1), /is an OpenSSH private key; nothing of it was sent/);
  t.equal(ran.length, 2);
});

t.test('a private key goes nowhere and is shown nowhere, in whatever form', async (t) => {
  const { run, gateway, user } = await setUp(t);
  const { private: text, public: line } = makeKey();
  const file = user.write('mine', text);
  t.equal(await run('key', 'add', file), 1);
  t.match(user.stderr.at(-1), /is an OpenSSH private key; nothing of it was sent.*ssh-keygen -y/);
  user.write('mine.pub', `${line}\n`);
  t.equal(await run('key', 'add', file), 1);
  t.match(user.stderr.at(-1), `Give its public half: ${file}.pub`);
  user.stdin = text;
  t.equal(await run('key', 'add', '-'), 1);
  t.match(user.stderr.at(-1), /standard input is an OpenSSH private key/);
  for (const words of [[text], ['-', '--name', text], [`--name=${text}`], ['--', text]]) {
    t.equal(await run('key', 'add', ...words), 2);
    t.match(user.stderr.at(-1), /history of your shell/);
  }
  const rsa = join(user.home, 'rsa');
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', rsa]);
  t.equal(await run('key', 'add', rsa), 1);
  t.equal(await user.run('key', 'check', rsa), 1);
  t.equal(gateway.tunnels.length, 0, 'the gateway was not even asked');
  const secrets = [text, readFileSync(rsa, 'utf8')].flatMap((each) => each.split('\n').slice(1, -2));
  const shown = [...user.stdout, ...user.stderr].join('\n');
  t.notOk(secrets.some((secret) => secret !== '' && shown.includes(secret)));
});

t.test('files that cannot be read, and what is no key', async (t) => {
  const { run, gateway, user } = await setUp(t);
  const { public: line } = makeKey();
  const cases: [string, RegExp][] = [
    [join(user.home, 'none.pub'), /there is no file/],
    [`${user.home}/.ssh/`, /is a directory: name the public key in it, such as .*\.ssh\/id_ed25519\.pub/],
    [user.write('empty', ''), /there is no key/],
    [user.write('huge', 'x'.repeat(100_000)), /larger than any key/],
    ['/dev/zero', /larger than any key/],
    [user.write('two', `${line}\n${makeKey().public}\n`), /more than one key/],
    [user.write('options', `no-pty ${line}\n`), /options/],
    [line, /name of its file/],
  ];
  for (const [file, pattern] of cases) {
    t.equal(await run('key', 'add', file), 1, file.slice(0, 80));
    t.match(user.stderr.at(-1), pattern);
  }
  user.stdin = 'x'.repeat(100_000);
  t.equal(await run('key', 'add', '-'), 1);
  t.match(user.stderr.at(-1), /standard input is larger/);
  t.equal(gateway.tunnels.length, 0);
});

t.test('how the gateway ends a command is how the client ends', async (t) => {
  const cases: [FakeRun, number, string][] = [
    [{ code: 1, stderr: 'porthole: there is no key ana\n' }, 1, 'porthole: there is no key ana'],
    [
      { code: 2, stderr: 'porthole: KEY is missing\nusage: key show KEY\n' },
      2,
      'porthole: KEY is missing\nusage: key show KEY',
    ],
    [
      { code: 3, stderr: 'porthole: only an administrator may\r\n' },
      3,
      'porthole: only an administrator may',
    ],
    [{ code: 77, stderr: 'what?' }, 1, 'porthole: what?'],
    [{ stdout: 'half' }, 1, 'porthole: the gateway ended the command without a word'],
    [
      { code: 2, stderr: 'porthole: unknown command "key"; try: ssh ... help\n' },
      1,
      'porthole: this gateway is too old for `porthole key show`: upgrade it',
    ],
  ];
  for (const [answer, code, told] of cases) {
    const { run, user } = await setUp(t, answer);
    t.equal(await run('key', 'show', 'ana'), code);
    t.equal(user.stderr.at(-1), told);
  }
});

t.test('notes beside the answer go to standard error', async (t) => {
  const { run, user } = await setUp(t, { code: 0, stdout: 'NAME  ROLE\nana   admin\n', stderr: '2 more\n' });
  t.equal(await run('key', 'list'), 0);
  t.same(user.stdout, ['NAME  ROLE', 'ana   admin']);
  t.same(user.stderr, ['2 more']);
});

t.test('nothing that the gateway says acts on the terminal', async (t) => {
  const { run, user } = await setUp(t, {
    code: 0,
    stdout: 'a\u001b[2Jb\u202e  c\n  indented\n',
    stderr: '\u0007',
  });
  t.equal(await run('key', 'list'), 0);
  t.same(user.stdout, ['a?[2Jb?  c', '  indented']);
  t.same(user.stderr, ['?']);
});

t.test('a login that is refused is not authorised', async (t) => {
  const { run, user } = await setUp(t, {}, []);
  t.equal(await run('key', 'list'), 3);
  t.match(user.stderr.at(-1), 'not authorised');
  t.equal(await run('key', 'list', '-i', join(user.home, 'none')), 3);
});

t.test('wrong usage is told here', async (t) => {
  const { run, user, gateway } = await setUp(t);
  t.equal(await run('key', 'show'), 2);
  t.equal(await run('key', 'nonsense'), 2);
  t.equal(await run('key', 'list', '--unusde', '3d'), 2);
  t.match(user.stderr.at(-1), /--unused/);
  t.equal(await user.run('key'), 2);
  t.equal(await user.run('key', 'add', '--help'), 0);
  t.match(user.stdout.join('\n'), '--expires <when>');
  t.equal(gateway.tunnels.length, 0);
});

t.test('settings for `connect` are no options of these commands', async (t) => {
  const { run, ran, user } = await setUp(t);
  user.env['PORTHOLE_ENV'] = 'pr-7';
  user.write('porthole.toml', `env = "pr-8"\nttl = "2h"\n`);
  t.equal(await run('cert'), 0);
  t.equal(await run('key', 'import', 'github:ana'), 0);
  t.same(
    ran.map(({ command }) => command),
    ['cert', 'key import -- github:ana'],
  );
});

const certificate = 'ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5 ana';

t.test('a certificate: on standard output, or in a file that holds nothing else', async (t) => {
  const { run, user } = await setUp(t, { code: 0, stdout: `${certificate}\n`, stderr: 'good until noon\n' });
  t.equal(await run('cert'), 0);
  t.same(user.stdout, [certificate]);
  const file = join(user.home, 'id-cert.pub');
  t.equal(await run('cert', '--out', file), 0);
  t.equal(readFileSync(file, 'utf8'), `${certificate}\n`);
  t.equal(await run('cert', '--out', file), 0, 'a new one instead of the old');
  t.same(user.stdout, [certificate]);
  const key = join(user.home, '.ssh', 'id_ed25519');
  const before = readFileSync(key, 'utf8');
  t.equal(await run('cert', '--out', key), 1);
  t.match(user.stderr.at(-1), 'is no certificate');
  t.equal(readFileSync(key, 'utf8'), before);
  t.equal(await run('cert', '--out', file, '--json'), 2);
});

t.test('a certificate for a machine is only asked for when that in the file will not do', async (t) => {
  const authority = createAuthorityFile(join(scratchDir(t), 'ca'), '');
  const until = (seconds: number): string => {
    const now = Math.floor(Date.now() / 1000);
    const times = { validAfter: now - 60, validBefore: now + seconds };
    const subject = publicBlob(makeKey().public);
    return signCertificate({ subject, serial: 1n, id: 'ana', principals: ['vm:x/dev'], ...times }, authority);
  };
  const fresh = until(600);
  const { run, user, ran } = await setUp(t, { code: 0, stdout: `${fresh}\n` });
  const file = join(user.home, 'pr-42-cert.pub');
  const ask = (): Promise<number> =>
    run('target', 'cert', 'pr-42', '--os-user', 'dev', '--out', file, '--if-needed');
  t.equal(await ask(), 0);
  t.equal(readFileSync(file, 'utf8'), `${fresh}\n`);
  t.same(
    ran.map(({ command }) => command),
    ['target cert --os-user=dev -- pr-42'],
  );
  t.equal(await ask(), 0);
  t.equal(ran.length, 1, 'good for a while');
  writeFileSync(file, until(30));
  t.equal(await ask(), 0);
  t.equal(ran.length, 2, 'about to be over');
  t.same(user.stdout, []);
  t.equal(await run('target', 'cert', 'pr-42', '--if-needed'), 2);
});

t.test('no certificate, no file', async (t) => {
  const { run, user } = await setUp(t, { code: 1, stderr: 'this gateway has no certificate authority\n' });
  const file = join(user.home, 'id-cert.pub');
  t.equal(await run('cert', '--out', file), 1);
  t.notOk(existsSync(file));
});

t.test('key check asks nobody', async (t) => {
  const user = new FakeSurroundings(t);
  const { public: line, fingerprint } = makeKey();
  const file = user.write('ana.pub', `${line} ana\n`);
  t.equal(await user.run('key', 'check', file), 0);
  t.match(user.stdout, [
    'this is a sound public key',
    new RegExp(`fingerprint +${fingerprint.replaceAll('+', '\\+')}`),
  ]);
  t.equal(await user.run('key', 'check', file, '--json'), 0);
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), {
    ok: true,
    fingerprint,
    type: 'ssh-ed25519',
    comment: 'ana',
  });
  user.stdin = line.slice(0, -8);
  t.equal(await user.run('key', 'check', '-', '--json'), 1);
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { ok: false, code: /./, problem: /^standard input: / });
  writeFileSync(file, 'nonsense');
  t.equal(await user.run('key', 'check', file), 1);
  t.equal(await user.run('key', 'check', file, '--server', 'x'), 2, 'and knows no gateway');
});
