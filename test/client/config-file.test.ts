import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type ClientConfig, parseConfig, readConfig } from '../../client/config-file.ts';
import { formatTarget, offerName } from '../../client/target.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const where = { path: '/repo/porthole.toml', home: '/home/me' };

function problems(text: string): readonly string[] {
  const config = parseConfig(text, where);
  return config.ok ? [] : config.problems;
}

function read(text: string): ClientConfig {
  const config = parseConfig(text, where);
  if (!config.ok) throw new Error(config.problems.join('\n'));
  return config.value;
}

/** `name -> target words`, one a service. */
function services(text: string): string[] {
  return read(text).offers.map((offer) =>
    [offerName(offer), '->', formatTarget(offer.target), ...offer.words].join(' ').trim(),
  );
}

t.test('an empty file says nothing', async (t) => {
  t.match(read(''), { server: undefined, docker: undefined, offers: [] });
});

t.test('every key', async (t) => {
  t.match(
    read(`
      server = "https://gw"
      env = "Feature/X"
      ca = "certs/ca.pem"
      identity = "~/.ssh/preview"
      certificate = "preview-cert.pub"
      known-hosts = "/etc/hosts_known"
      host-key = "SHA256:x"
      connections = 2
      url-file = "out/urls.txt"
      docker = true
      access = "team"
      balance = true
    `),
    {
      server: 'https://gw',
      env: 'Feature/X',
      ca: '/repo/certs/ca.pem',
      identity: '/home/me/.ssh/preview',
      certificate: '/repo/preview-cert.pub',
      knownHosts: '/etc/hosts_known',
      hostKeys: ['SHA256:x'],
      connections: 2,
      urlFile: '/repo/out/urls.txt',
      docker: true,
      options: { access: 'team', balance: 'true' },
    },
  );
  t.match(read('host-key = ["SHA256:a", "SHA256:b"]').hostKeys, ['SHA256:a', 'SHA256:b']);
  t.same(read('docker = { project = "shop", host = "unix:///x" }').docker, {
    project: 'shop',
    host: 'unix:///x',
  });
  t.equal(read('docker = false').docker, false);
});

t.test('services', async (t) => {
  t.same(services('target = 3000'), ['-> 127.0.0.1:3000']);
  t.same(services('target = "unix:/run/x"\n[services]\nweb = 3000\n"api:81" = "h:1"\n8080 = "[::1]:2"'), [
    '-> unix:/run/x',
    '8080 -> [::1]:2',
    'web -> 127.0.0.1:3000',
    'api:81 -> h:1',
  ]);
  t.same(services('[services.api]\ntarget = 1\nport = 2\naccess = "public"\nttl = "2h"\nbalance = true'), [
    'api:2 -> 127.0.0.1:1 access=public ttl=2h balance=true',
  ]);
  t.same(services('[services.web]\ntarget = "1?access=team"\naccess = "public"\nhost = "keep"'), [
    'web -> 127.0.0.1:1 access=team host=keep',
  ]);
});

t.test('the SSH server, and who the machine is', async (t) => {
  const nothing = { osUser: undefined, name: undefined, id: undefined };
  const cases: Readonly<Record<string, unknown>> = {
    '': undefined,
    'ssh = false': false,
    'ssh = true': { address: true, ...nothing },
    'ssh = 2222': { address: '2222', ...nothing },
    'ssh = "10.0.0.7:22"': { address: '10.0.0.7:22', ...nothing },
    'ssh = {}': { address: true, ...nothing },
    'ssh = { target = 22, os-user = "dev", name = "big", id = "6f1d9f3e-58a4-4c3a-9d3e-0123456789ab" }': {
      address: '22',
      osUser: 'dev',
      name: 'big',
      id: '6f1d9f3e-58a4-4c3a-9d3e-0123456789ab',
    },
  };
  for (const [text, ssh] of Object.entries(cases)) t.same(read(text).ssh, ssh, text);
  for (const [text, problem] of Object.entries({
    'ssh = { taget = 22 }': 'ssh.taget: unknown key (did you mean target?)',
    'ssh = 99999': 'ssh: is at most 65535',
    'ssh = []': 'ssh: takes true, false, a port, "HOST:PORT" or a table',
    'ssh = "localhost"': 'ssh: the SSH server "localhost": ',
    'ssh = { os-user = "a b" }': 'ssh: "a b" is no name of a user',
    'ssh = { id = "x" }': 'ssh: "x" is no UUID',
  }))
    t.match(problems(text), [`/repo/porthole.toml: ${problem}`], text);
});

t.test('what is wrong is told with its place, all of it at once', async (t) => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'sever = "x"': ['sever: unknown key (did you mean server?)'],
    'zzz = 1': ['zzz: unknown key'],
    'meta = "x"': ['meta: unknown key'],
    'server = 1': ['server: takes text'],
    'server = ""': ['server: is empty'],
    'connections = 0': ['connections: is at least 1'],
    'connections = 1.5': ['connections: takes a whole number'],
    'connections = 9': ['connections: is at most 8'],
    'docker = 1': ['docker: takes true, false or a table'],
    'docker = { projet = "x" }': ['docker.projet: unknown key (did you mean project?)'],
    'target = true': ['target: takes a port, "HOST:PORT" or "unix:/PATH"'],
    'target = "nowhere"': [/^target: .*is not a port/.source],
    'access = "everybody"\ntarget = 1': [],
    'services = 1': ['services: takes a table'],
    '[services]\nweb = true': ['services.web: takes a port, "HOST:PORT", "unix:/PATH" or a table'],
    '[services.web]\nport = 1': ['services.web.target: takes a port, "HOST:PORT" or "unix:/PATH"'],
    '[services.web]\ntarget = 1\nacess = "public"': [
      'services.web.acess: unknown key (did you mean access?)',
    ],
    '[services.web]\ntarget = 1\naccess = "x"': ['services.web: '],
    '[services.web]\ntarget = 1\nport = 0': ['services.web.port: is at least 1'],
    '[services."web:1"]\ntarget = 1\nport = 1': ['services.web:1: the port stands in the name already'],
    '[services]\n"a=b" = 1': ['services.a=b: this cannot be a service name'],
    '[services]\n"unix:/x" = 1': ['services.unix:/x: this cannot be a service name'],
    '[services]\n"web:80" = 1\nweb = 2\n"web:080" = 3': [],
    'x = ': ['line 1, column'],
    'zzz = 1\nconnections = 9\nurl-file = "/etc/passwd"\n[services]\nweb = 99999\napi = "x"': [
      'zzz: unknown key',
      'connections: is at most 8',
      'services.web: ',
      'url-file: ',
      'services.api: ',
    ],
  };
  for (const [text, wanted] of Object.entries(cases)) {
    const told = problems(text);
    if (wanted.length > 0) t.equal(told.length, wanted.length, `${text}\n${told.join('\n')}`);
    for (const part of wanted)
      t.ok(
        told.some(
          (line) => line.startsWith(`/repo/porthole.toml: ${part}`) || new RegExp(part).test(line.slice(21)),
        ),
        `${text}\n${part}\n${told.join('\n')}`,
      );
  }
});

t.test('a secret in a broken line is not repeated', async (t) => {
  t.notMatch(problems('token = s3cret').join(), 's3cret');
});

t.test('the URL file lies beneath the configuration, and is not hidden', async (t) => {
  const folder = scratchDir(t);
  mkdirSync(join(folder, 'sub'));
  symlinkSync('/tmp', join(folder, 'away'));
  const path = join(folder, 'porthole.toml');
  const of = (name: string): boolean => {
    writeFileSync(path, `url-file = ${JSON.stringify(name)}`);
    return readConfig(path, '/home/me').ok;
  };
  for (const fine of ['urls', 'sub/urls.txt', './urls', 'sub/../urls']) t.ok(of(fine), fine);
  for (const wrong of [
    '/etc/x',
    '../x',
    '.git/config',
    'sub/.x',
    '.bashrc',
    'away/x',
    'sub/../../x',
    '.',
    '..',
  ])
    t.notOk(of(wrong), wrong);
});

t.test('a file that cannot be one', async (t) => {
  t.match(readConfig('/nowhere/porthole.toml', '/'), { ok: false, problems: [/cannot be read/] });
  t.match(readConfig('/dev/zero', '/'), { ok: false, problems: [/is no file/] });
});

t.test('no text makes it throw, and every problem names the file', async () => {
  const key = fc.constantFrom('server', 'env', 'docker', 'target', 'services', 'services.web', 'x', '"a b"');
  const value = fc.constantFrom(
    '1',
    '"x"',
    'true',
    '{}',
    '{ target = 1 }',
    '[]',
    '1979-05-27',
    '"3000"',
    'nan',
  );
  const line = fc.tuple(key, value).map(([name, text]) => `${name} = ${text}`);
  const text = fc.oneof(
    fc.string(),
    fc.array(line).map((lines) => lines.join('\n')),
  );
  fc.assert(
    fc.property(text, (toml) => problems(toml).every((line) => line.startsWith('/repo/porthole.toml: '))),
  );
});
