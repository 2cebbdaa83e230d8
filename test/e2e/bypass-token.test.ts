import t from 'tap';
import { curl } from '../support/curl.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { visit } from '../support/visitor.ts';

const team = await PreviewTeam.start(t);
const { gateway } = team;
/** The machine's own key, as a CI job would have it. */
const { web, api } = await team.offer('eve', 'pr-1');
const echo = team.url('web--pr-1', '/echo');

interface Token {
  readonly id: string;
  readonly token: string;
}

async function create(words = ''): Promise<Token> {
  return (await team.told('eve', ['token', 'create', 'pr-1', ...words.split(' ').filter(Boolean)])) as Token;
}

t.test('one line with the token, and how to use it', async (t) => {
  const { code, stdout, stderr } = await team.command('eve', 'token create pr-1 --ttl 1d --name e2e');
  t.equal(code, 0);
  t.match(stdout, /^pht_[a-z2-7]{12}\.[\w-]{43}\n$/);
  t.match(stderr, /curl -H "Porthole-Token: \$TOKEN" https:\/\/web--pr-1/);
  const token = stdout.trim();
  t.match(await curl(t, gateway, ['--header', `Porthole-Token: ${token}`, echo]), { status: 200 });
  const { stdout: listed } = await team.command('eve', 'token list');
  t.match(listed, /e2e.*from 127\.0\.0\.1.*live/);
  t.notMatch(listed, /pht_/, 'it is not shown again');
});

t.test('a program shows it in whatever way it can', async (t) => {
  const { token } = await create();
  const ways: Readonly<Record<string, readonly string[]>> = {
    'a header of its own': ['--header', `Porthole-Token: ${token}`],
    Bearer: ['--oauth2-bearer', token],
    'Basic, as the password': ['--user', `ci:${token}`],
    'Basic, as the user': ['--user', `${token}:`],
    'a POST': ['--header', `Porthole-Token: ${token}`, '--data', 'body'],
  };
  for (const [way, args] of Object.entries(ways)) {
    const answer = await curl(t, gateway, [...args, echo]);
    t.equal(answer.status, 200, way);
    t.match(JSON.parse(answer.body), { name: 'web of pr-1', authorization: null }, 'the app does not see it');
  }
  t.match(await curl(t, gateway, ['--user', 'user:pass', echo]), { status: 401 });
  t.equal(web.seen.filter(({ headers }) => 'porthole-token' in headers).length, 0);
});

t.test('one navigation exchanges it for a cookie, for all hosts of the environment', async (t) => {
  const { token } = await create();
  const browser = new CurlBrowser(t, gateway);
  const arrived = await browser.go(`${echo}?porthole-token=${token}&x=1`);
  t.match(arrived, { status: 200 }, arrived.heads);
  t.match(web.seen.at(-1)?.path, '/echo?x=1');
  t.match(await browser.go(echo), { status: 200 });
  t.match(await browser.go(team.url('api--pr-1', '/echo')), { status: 200 });
  for (const { path, headers } of [...web.seen, ...api.seen])
    t.notMatch(path + JSON.stringify(headers), /pht_/);
});

t.test('for one service, and for so long', async (t) => {
  const { token } = (await team.told('eve', ['token', 'create', 'pr-1/api'])) as Token;
  const headers = { 'porthole-token': token };
  t.match(await visit(gateway, team.url('api--pr-1', '/echo'), { headers }), { status: 200 });
  t.match(await visit(gateway, echo, { headers }), { status: 401 });
});

t.test('what is no good token opens nothing', async (t) => {
  const { token } = await create();
  const other = token.endsWith('A') ? 'B' : 'A';
  const bad = [token.slice(0, -1), `${token.slice(0, -2)}${other}A`, token.slice(4), 'pht_', `${token}.x`];
  for (const text of bad) {
    const answer = await visit(gateway, echo, { headers: { 'porthole-token': text } });
    t.equal(answer.status, 401, text.length.toString());
    t.notOk(answer.headers['set-cookie']);
  }
});

t.test('it ends, and what it had opened', async (t) => {
  const { id, token } = await create();
  const browser = new CurlBrowser(t, gateway);
  t.equal((await browser.go(`${echo}?porthole-token=${token}`)).status, 200);
  t.match(await team.command('bob', `token revoke ${id}`), { code: 1 });
  t.match(await team.command('eve', `token revoke ${id}`), { code: 0 });
  t.match(await curl(t, gateway, ['--header', `Porthole-Token: ${token}`, echo]), { status: 401 });
  t.equal((await browser.go(echo)).status, 401);
});

t.test('it is in no log and no audit', async (t) => {
  const audit = await team.command('root', 'audit --limit 1000 --json');
  t.match(audit.stdout, /"token\.create"/);
  for (const text of [JSON.stringify(gateway.lines), audit.stdout])
    t.notMatch(text, /[a-z2-7]{12}\.[\w-]{43}/);
});
