// What ssh and porthole do, curl does too: with a token that a key made, and only as long as the key is good.
import t from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { commandsByCurl } from '../support/api.ts';
import { curl } from '../support/curl.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { reaching } from '../support/porthole.ts';
import { Portholed } from '../support/portholed.ts';
import { visit } from '../support/visitor.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { publicKey } from '../support/public-keys.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { commandsBySsh } from '../support/admin-by-ssh.ts';

const team = await PreviewTeam.start(t);

async function tokenOf(who: 'root' | 'ana'): Promise<string> {
  const { code, stdout, stderr } = await team.command(who, 'api-token');
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A key of the store, which can be revoked. */
async function newMember(principal: string) {
  const key = makeKey(t);
  const words = ['key', 'add', '--name', 'laptop', '--principal', principal, '--role', 'member'];
  await team.told('root', words, key.line);
  return { key, ssh: commandsBySsh(t, team.gateway, key) };
}

t.test(
  'a key is added, a machine made, somebody let in, a gate opened; and all of it is what ssh shows',
  async (t) => {
    const root = commandsByCurl(t, team, await tokenOf('root'));
    await team.offer('ana', 'pr-42');
    const { line } = publicKey();
    t.match(await root('/key/add', { 'public-key': line, name: 'ci', env: ['pr-*', 'main'] }), {
      status: 200,
      json: { value: { principal: 'ci', name: 'ci', role: 'machine', env: ['pr-*', 'main'] }, notes: [] },
    });
    t.match(await root('/target/create', { env: 'pr-42', 'os-user': 'dev', 'host-keys': line }), {
      status: 200,
      json: { value: { env: 'pr-42', osUser: 'dev' } },
    });
    t.match(await root('/gate/create', { name: 'side', port: 2222, 'any-key': true }), {
      status: 200,
      json: { value: { name: 'side', port: 2222 } },
    });
    t.match(await root('/grant/add', { principal: 'bob', env: ['pr-*'], service: ['ssh'] }), {
      status: 200,
      json: { value: { principal: 'bob' } },
    });
    for (const [path, words] of [
      ['/key/list', ['key', 'list']],
      ['/key/list?all=true&principal=ci', ['key', 'list', '--all', '--principal', 'ci']],
      ['/share/list', ['share', 'list']],
      ['/target/list?all=true', ['target', 'list', '--all']],
      ['/target/show?target=pr-42', ['target', 'show', 'pr-42']],
      ['/gate/list', ['gate', 'list']],
      ['/grant/list?principal=bob', ['grant', 'list', 'bob']],
      ['/gate/ca', ['gate', 'ca']],
    ] as const) {
      const { status, heads, json } = await root(path);
      t.same([status, json.value], [200, await team.told('root', words)], path);
      t.match(heads, /^cache-control: no-store$/m);
      t.notMatch(heads, /access-control/);
    }
    t.match(await root('/gate/rm', { gate: 'side' }), { status: 200 });
    t.match(await root('/gate/show?gate=side'), { json: { code: String } }, 'it is gone');
  },
);

t.test('what goes wrong has its status, its code, and the words of a terminal', async (t) => {
  const ana = commandsByCurl(t, team, await tokenOf('ana'));
  t.match(await ana('/env/release', { env: 'nothing' }), {
    status: 422,
    json: { code: 'ERR_COMMAND_FAILED', message: 'there is no environment nothing of yours' },
  });
  t.match(await ana('/gate/create', { name: 'x' }), { status: 403, json: { code: 'ERR_NOT_AUTHORISED' } });
  t.match(await ana('/key/rename', { key: 'x' }), { status: 400, json: { message: 'name is missing' } });
  t.match(await ana('/key/lst'), { status: 404, json: { message: /did you mean key list/ } });
  const wrong = await ana('/env/release?env=pr-42');
  t.match(wrong, { status: 405, heads: /^allow: post$/m, json: { code: 'ERR_METHOD_REFUSED' } });
  t.match(await ana(''), { status: 200, json: { value: { commands: [{ name: 'key add' }] } } });
  const stranger = commandsByCurl(t, team, undefined);
  for (const path of ['', '/key/list', '/nothing'])
    t.match(await stranger(path), {
      status: 401,
      heads: /^www-authenticate: bearer/m,
      json: { code: 'ERR_LOGIN_REQUIRED' },
    });
});

t.test('a file for ssh comes as text', async (t) => {
  const args = ['-H', `Authorization: Bearer ${await tokenOf('root')}`, '-H', 'Accept: text/plain'];
  const answer = await curl(t, team.gateway, [...args, team.url('', '/_porthole/api/ssh-config?all=true')]);
  t.equal(answer.status, 200);
  t.match(answer.body, /^Host .*pr-42/m);
  t.equal(answer.body, (await team.command('root', 'ssh-config --all')).stdout);
});

t.test('machines get no token', async (t) => {
  t.match(await team.command('eve', 'api-token'), {
    code: 3,
    stdout: '',
    stderr: /for members and administrators/,
  });
});

t.test('a token ends with its key, in that moment', async (t) => {
  const { ssh } = await newMember('carla');
  const carla = commandsByCurl(t, team, (await ssh('api-token --ttl 24h')).stdout.trim());
  t.match(await carla('/key/list'), { status: 200, json: { value: [{ principal: 'carla' }] } });
  t.match(await team.command('root', 'key revoke carla/laptop'), { code: 0 });
  t.match(await carla('/key/list'), {
    status: 401,
    json: { code: 'ERR_LOGIN_REQUIRED', message: /not accepted here any more/ },
  });
});

t.test('a token makes others only for the time that is left to it', async (t) => {
  const { ssh } = await newMember('dora');
  const told = JSON.parse((await ssh('api-token --ttl 5m --json')).stdout) as {
    token: string;
    expires: string;
  };
  const dora = commandsByCurl(t, team, told.token);
  const { json } = await dora('/api-token', { ttl: '24h' });
  const second = json.value as { token: string; expires: string };
  t.ok(Math.abs(Date.parse(second.expires) - Date.parse(told.expires)) <= 1000);
  t.match(await commandsByCurl(t, team, second.token)('/key/list'), { status: 200 });
});

t.test(
  'what is about the key that somebody logs in with, or their connection, needs ssh, and says so',
  async (t) => {
    const root = commandsByCurl(t, team, await tokenOf('root'));
    const { line } = publicKey();
    t.match(await root('/target/cert', { target: 'pr-42' }), {
      status: 403,
      json: { message: /log in .*key|SSH/i },
    });
    t.match(await root('/target/report', { 'host-keys': line }), {
      status: 422,
      json: { message: /over its own SSH connection/ },
    });
    const { json } = await root('/login', {});
    t.match(json.value, { account: 'root', url: /\/_porthole\/login\/key\?code=/ });
  },
);

t.test('the audit says which token it was; nothing says the token itself', async (t) => {
  const token = await tokenOf('root');
  const root = commandsByCurl(t, team, token);
  await root('/key/rename', { key: 'ci/ci', name: 'robot' });
  await root(`/key/list?access_token=${token}`);
  const { json } = await root('/audit?limit=50');
  const lines = json.value as { action: string; detail?: Record<string, unknown> }[];
  const made = lines.filter(({ action }) => action === 'api-token.create').at(-1);
  t.match(
    lines.findLast(({ action }) => action === 'key.rename'),
    {
      ...{ principal: 'root', address: '127.0.0.1', result: 'ok' },
      detail: { via: `api-token ${String(made?.detail?.['id'])}` },
    },
  );
  const secret = token.slice(20);
  t.notMatch(JSON.stringify(lines), secret);
  t.notOk(
    team.gateway.lines.some((line) => JSON.stringify(line).includes(secret)),
    'no log line has it',
  );
});

t.test('the client makes a token, which outlives a restart of the gateway', async (t) => {
  const { gateway, key, keysFile } = await startGateway(t);
  const user = new FakeSurroundings(t);
  t.equal(await user.run('api-token', '-i', key.path, ...reaching(gateway)), 0, user.stderr.join('\n'));
  const headers = { authorization: `Bearer ${user.stdout[0] ?? ''}` };
  const path = 'localhost/_porthole/api/key/list';
  t.match(await visit(gateway, path, { headers }), { status: 200 });
  const words = ['--authorized-keys', keysFile, '--state-dir', gateway.stateDir, '--replace'];
  const successor = await Portholed.start(t, words);
  t.match(await visit(successor, path, { headers }), { status: 200 });
});
