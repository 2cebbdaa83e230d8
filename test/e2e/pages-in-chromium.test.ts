import { chromium, type BrowserContext, type Page, type Route } from 'playwright-core';
import t from 'tap';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { freePort } from '../support/free-port.ts';
import { metricBecomes } from '../support/metrics.ts';
import { startApp, startTextApp } from '../support/web-app.ts';

const { gateway, key } = await startPublicGateway(t, ['--hold', '1s']);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'],
    ...['--disable-background-networking', '--host-resolver-rules=MAP *.localhost 127.0.0.1'],
  ],
});
t.teardown(() => browser.close());

/** For whoever wants to look at the pages: a directory for pictures of them. */
const pictures = process.env['PORTHOLE_TEST_PICTURES'];

function newVisitor(options: { colorScheme?: 'light' | 'dark' } = {}): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', ...options });
}

async function visitPage(host: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const context = await newVisitor({ colorScheme });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) t.fail(message.text());
  });
  await page.goto(urlOf(host));
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${host}-${colorScheme}.png` });
  return page;
}

function urlOf(host: string): string {
  return `https://${host}.localhost:${String(gateway.port)}/`;
}

async function becomes(page: Page, text: string): Promise<void> {
  await page.locator('body', { hasText: text }).waitFor();
}

function liveLine(page: Page): Promise<string | null> {
  return page.locator('[role=status][aria-live=polite]').textContent();
}

t.test('the page of an environment that is offline, which loads the app when it is back', async (t) => {
  const { port } = await startTextApp(t, 'the app itself');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key, user: 'off', forwards });
  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);

  const page = await visitPage('off');
  t.match(await page.locator('h1').textContent(), /^The preview off has been offline since \d\d:\d\d UTC\.$/);
  t.match(await page.locator('time').textContent(), /^(?:just now|a minute ago)$/);
  t.equal(await liveLine(page), 'This page opens the preview when it is back.');
  t.match(await page.locator('footer').textContent(), /ERR_ENV_OFFLINE.*Error id/);
  const dark = await visitPage('off', 'dark');
  const ground = (each: Page): Promise<string> =>
    each.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  t.not(await ground(dark), await ground(page));

  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 2);
  await dial(t, gateway, { key, user: 'off', forwards });
  await Promise.all([page, dark].map((each) => becomes(each, 'the app itself')));
  await Promise.all([page, dark].map((each) => each.context().close()));
});

t.test('the page of an app that does not listen yet', async (t) => {
  const machine = '127.0.71.2';
  const port = await freePort(machine);
  await dial(t, gateway, { key, user: 'early', forwards: [`80:${machine}:${String(port)}`] });
  const page = await visitPage('early');
  t.match(await page.locator('h1').textContent(), /Nothing accepts connections at .*-R localhost:80/);
  t.equal(await liveLine(page), 'This page opens the preview when the service accepts connections.');
  await visitPage('early', 'dark');

  // What the app answers is its own affair, and not asked for again.
  let asked = 0;
  await startApp(
    t,
    (_request, response) => {
      asked += 1;
      response.writeHead(503, { 'content-type': 'text/html' }).end('the app is starting');
    },
    machine,
    port,
  );
  await becomes(page, 'the app is starting');
  const before = asked;
  t.equal(await page.evaluate('document.scripts.length'), 0, 'nothing reloads it');
  t.ok(before <= 4, 'once each, with their icons');
});

t.test('a service that is not there yet, and those that are', async (t) => {
  const { port } = await startTextApp(t, 'the docs');
  const to = `127.0.0.1:${String(port)}`;
  await dial(t, gateway, { key, user: 'some', forwards: [`web:80:${to}`, `/api?access=private:${to}`] });
  const page = await visitPage('docs--some');
  t.match(await page.locator('h1').textContent(), 'has no service docs');
  t.same(await page.locator('ul a').allTextContents(), ['web--some'], 'what is private is not told');
  await dial(t, gateway, { key, user: 'some', forwards: [`docs:80:${to}`] });
  await becomes(page, 'the docs');
});

t.test('a form is not sent again by itself', async (t) => {
  const { port } = await startTextApp(t, 'sent');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key, user: 'form', forwards });
  const page = await visitPage('form');
  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);
  await page.setContent(`<form method="post" action="${urlOf('form')}"><button>go</button></form>`);
  await page.click('button');
  await becomes(page, 'has been offline since');
  t.equal(await liveLine(page), 'This page says when it is back.');
  await dial(t, gateway, { key, user: 'form', forwards });
  await becomes(page, 'Go back and send your request again.');
});

t.test('a tab that nobody sees asks for nothing', async (t) => {
  const { port } = await startTextApp(t, 'seen again');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key, user: 'tab', forwards });
  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);
  const context = await newVisitor();
  await context.addInitScript(
    "Object.defineProperty(document, 'hidden', { get: () => window.top.name !== 'seen', configurable: true })",
  );
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(urlOf('tab'));
  await dial(t, gateway, { key, user: 'tab', forwards });
  t.notOk(asked.includes('/_porthole/wait'));
  await page.evaluate("window.name = 'seen'; document.dispatchEvent(new Event('visibilitychange'))");
  await becomes(page, 'seen again');
  t.ok(asked.includes('/_porthole/wait'));
});

t.test('a page that waits says what it knows', async (t) => {
  const { port } = await startTextApp(t, 'here it is');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const { ssh, tunnelId } = await dial(t, gateway, { key, user: 'told', forwards });
  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);
  const page = await (await newVisitor()).newPage();
  const answers: ((route: Route) => Promise<void>)[] = [
    (route) => route.abort(),
    (route) => route.fulfill({ status: 503, json: { code: 'ERR_ENV_OFFLINE', state: 'reconnecting' } }),
  ];
  await page.route('**/_porthole/wait?*', async (route) => {
    await (answers.shift()?.(route) ?? route.continue());
  });
  await page.goto(urlOf('told'));
  await becomes(
    page,
    'The gateway cannot be reached at the moment. This page opens the preview when it is back.',
  );
  await becomes(page, 'Its machine is reconnecting. This page opens');
  await dial(t, gateway, { key, user: 'told', forwards });
  await becomes(page, 'here it is');
});

t.test('the page for a name that nobody offers says how to get in, and opens what comes', async (t) => {
  const page = await visitPage('nobody');
  t.match(await page.locator('main').textContent(), /no such preview here.*share link/s);
  t.equal(await liveLine(page), 'This page opens the preview when it is there.');
  t.equal(await page.locator('html').getAttribute('lang'), 'en');
  await visitPage('nobody', 'dark');
  const { port } = await startTextApp(t, 'somebody');
  await dial(t, gateway, { key, user: 'nobody', forwards: [`80:127.0.0.1:${String(port)}`] });
  await becomes(page, 'somebody');
});
