import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { startApp } from '../support/recording-app.ts';
import { offer } from '../support/stock-ssh.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const victim = await team.offer('ana', 'pr-1');
const target = team.url('web--pr-1');

/** An app whose every answer reaches for what is not its own. */
const app = await startApp(t, 'evil', (_request, response) => {
  const own = ['session', 'login', 'state'].flatMap((name) => [
    `__Host-porthole_${name}=; Path=/; Secure; Max-Age=0`,
    `__HOST-Porthole_${name}=evil; Path=/; Secure`,
    `=__Host-porthole_${name}=evil; Path=/; Secure`,
  ]);
  const domains = [
    team.domain,
    `.${team.domain}`,
    '%70review.test',
    '\xef\xbd\x90review.test',
    'PREVIEW.test.',
  ];
  const above = domains.map((domain, index) => `above${index}=evil; Path=/; Domain=${domain}`);
  response.setHeader('Set-Cookie', [...own, ...above, 'its-own=1; Path=/']);
  response.setHeader('Clear-Site-Data', ['"*"', '"cookies"', '"cookies", "cache"']);
  response.setHeader('Strict-Transport-Security', 'max-age=1000; includeSubDomains');
  response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>evil</title>');
});
const forward = `/web?access=public:127.0.0.1:${String(app.port)}`;
await offer(t, { gateway: team.gateway, key: team.keys.eve }, { env: 'evil', args: ['-R', forward] });

t.test('what a hostile preview answers changes nothing at the others, nor at the gateway', async (t) => {
  const { page, context } = await newProfile(browser);
  await team.logIn('ana', page);
  await page.goto(target);
  const ours = async (): Promise<string[]> =>
    (await context.cookies())
      .filter(({ name }) => name.includes('porthole_'))
      .map(({ name, domain, value }) => `${domain} ${name}=${value}`)
      .sort();
  const before = await ours();
  t.ok(before.length >= 3);

  await page.goto(team.url('web--evil'));
  t.equal(await page.title(), 'evil');
  t.same(await ours(), before);
  const set = (await context.cookies()).filter(({ value }) => value === 'evil' || value === '1');
  t.ok(set.some(({ name }) => name === 'its-own'));
  for (const { name, domain } of set) t.equal(domain, `web--evil.${team.domain}`, name);

  victim.web.seen.length = 0;
  t.equal((await page.goto(target))?.status(), 200);
  t.same(
    victim.web.seen.map(({ headers }) => headers.cookie).filter((cookie) => cookie !== undefined),
    [],
  );
  t.equal((await page.goto(team.url('', '/_porthole/account')))?.status(), 200);
});
