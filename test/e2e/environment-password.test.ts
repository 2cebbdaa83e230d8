import t from 'tap';
import { curl } from '../support/curl.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const { gateway } = team;
const { web } = await team.offer('ana', 'pr-1');
const echo = team.url('web--pr-1', '/echo');
const withPassword = (password: string): readonly string[] => ['--user', `anybody:${password}`, echo];

t.test('set on standard input, it lets programs and browsers in', async (t) => {
  const told = await team.command('ana', 'password set pr-1', 'correct horse\n');
  t.match(told, { code: 0, stdout: /^pr-1 has a password now/ });
  t.notMatch(told.stdout + told.stderr, /horse/);
  const answer = await curl(t, gateway, withPassword('correct horse'));
  t.equal(answer.status, 200, answer.body);
  t.match(JSON.parse(answer.body), { authorization: null }, 'the app does not see it');
  t.equal((await curl(t, gateway, withPassword('correct house'))).status, 401);

  const browser = new CurlBrowser(t, gateway);
  const login = await browser.go(echo);
  t.equal(login.status, 401);
  t.equal((await browser.submit(login, team.url(''), { password: 'correct house' })).status, 403);
  t.equal((await browser.submit(login, team.url(''), { password: 'correct horse' })).status, 200);
  t.equal((await browser.go(team.url('api--pr-1', '/echo'))).status, 200);
  t.notMatch(JSON.stringify(web.seen), /correct/);

  t.match(await team.command('ana', 'password set pr-1', 'another horse\n'), { code: 0 });
  t.equal((await browser.go(echo)).status, 401, 'a new one ends what the former had opened');
  t.equal((await curl(t, gateway, withPassword('correct horse'))).status, 401);
  t.equal((await curl(t, gateway, withPassword('another horse'))).status, 200);
});

t.test('one that the gateway makes is printed alone', async (t) => {
  const { stdout } = await team.command('ana', 'password set pr-1/web --generate');
  t.match(stdout, /^[a-z2-7-]{23}\n$/);
  t.equal((await curl(t, gateway, withPassword(stdout.trim()))).status, 200);
  const api = ['--user', `anybody:${stdout.trim()}`, team.url('api--pr-1', '/echo')];
  t.equal((await curl(t, gateway, api)).status, 401, 'for its service only');
  t.match(await team.command('ana', 'password rm pr-1/web'), { code: 0 });
  t.equal((await curl(t, gateway, withPassword(stdout.trim()))).status, 401);
});

t.test('whose it is not learns nothing, and sets nothing', async (t) => {
  const theirs = await team.command('bob', 'password set pr-1', 'correct horse\n');
  const nobodys = await team.command('bob', 'password set pr-0', 'correct horse\n');
  t.equal(theirs.code, 1);
  t.equal(theirs.stderr.replace('pr-1', 'pr-0'), nobodys.stderr);
});

t.test('no password is in a log, an audit or an answer', async (t) => {
  const audit = await team.command('root', 'audit --limit 1000 --json');
  t.match(audit.stdout, /"password\.set".*"password\.rm"/);
  for (const text of [audit.stdout, JSON.stringify(gateway.lines)]) t.notMatch(text, /horse|house/);
});

t.test('whoever guesses is slowed down, alike for what is there and what is not', async (t) => {
  const guessed = await PreviewTeam.start(t);
  await guessed.offer('ana', 'pr-1');
  await guessed.command('ana', 'password set pr-1', 'correct horse\n');
  const browser = new CurlBrowser(t, guessed.gateway);
  const url = guessed.url('web--pr-1', '/echo');
  const login = await browser.go(url);
  const opened = await browser.submit(login, guessed.url(''), { password: 'correct horse' });
  t.equal(opened.status, 200, opened.heads);
  t.equal((await browser.go(url)).status, 200);
  const guess = (host: string, args: readonly string[]): ReturnType<typeof curl> =>
    curl(t, guessed.gateway, [...args, guessed.url(host, '/echo')]);
  const token = ['--header', 'Porthole-Token: pht_guessed'];
  let last = await guess('web--pr-1', token);
  for (let at = 1; at < 40 && last.status === 401; at += 1) last = await guess('web--pr-1', token);
  t.equal(last.status, 429);
  t.match(last.heads, /^retry-after: \d+$/im);
  t.equal(
    (await guess('web--pr-1', ['--user', 'anybody:correct horse'])).status,
    429,
    'not even the right one',
  );
  t.equal((await guess('web--pr-0', token)).status, 429);
  const again = await browser.go(url);
  t.equal(again.status, 200, `who is in already does not notice: ${again.heads}`);
});
