import { chromium, type BrowserContext, type Page } from 'playwright-core';
import t from 'tap';
import { WebSocketServer } from 'ws';
import { startGateway } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import { offer, shareLinkOf, urlsOf } from '../support/stock-ssh.ts';

const page = `<!doctype html><title>app</title><p id="events"></p><p id="socket"></p><script>
  new EventSource('/events').onmessage = ({ data }) => { document.querySelector('#events').textContent = data; };
  const socket = new WebSocket('wss://' + location.host + '/socket');
  socket.onopen = () => socket.send('hello');
  socket.onmessage = ({ data }) => { document.querySelector('#socket').textContent = data; };
</script>`;

const server = await startGateway(t);
const app = await startApp(t, 'app', (request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: an event\n\n');
  } else {
    response.setHeader('Content-Type', 'text/html').end(page);
  }
});
const sockets = new WebSocketServer({ server: app.server });
sockets.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    socket.send(`echo: ${data.toString()}`);
  });
});
const api = await startApp(t, 'api');
const session = await offer(t, server, {
  args: ['-R', `80:127.0.0.1:${String(app.port)}`, '-R', `api:80:127.0.0.1:${String(api.port)}`],
});
const [ownUrl = '', apiUrl = ''] = urlsOf(session);
const link = shareLinkOf(session);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'],
    ...['--disable-background-networking', '--host-resolver-rules=MAP *.localhost 127.0.0.1'],
  ],
});
t.teardown(() => browser.close());

/** A browser profile of its own, without the gateway's authority among those that it trusts. */
function newVisitor(): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true });
}

async function textOf(visited: Page, selector: string, wanted: string): Promise<string | null> {
  await visited.locator(selector, { hasText: wanted }).waitFor();
  return visited.textContent(selector);
}

t.test(
  'the share link opens the page with its events and WebSocket, and is gone from the address bar',
  async (t) => {
    const visitor = await newVisitor();
    const opened = await visitor.newPage();
    await opened.goto(link);
    t.equal(opened.url(), ownUrl);
    t.equal(await textOf(opened, '#events', 'event'), 'an event');
    t.equal(await textOf(opened, '#socket', 'echo'), 'echo: hello');
    t.equal(await opened.evaluate('document.cookie'), '', 'scripts of the app cannot read the cookie');

    const again = await visitor.newPage();
    t.equal((await again.goto(ownUrl))?.status(), 200, 'the next visit needs no link');
    const otherLink = link.replace(ownUrl, apiUrl);
    t.equal((await again.goto(otherLink))?.status(), 200, 'it opens the other services too');
    t.equal(again.url(), apiUrl);
  },
);

t.test('a stranger gets a page that says nothing of it', async (t) => {
  const visited = await (await newVisitor()).newPage();
  const answer = await visited.goto(ownUrl);
  t.equal(answer?.status(), 401);
  t.equal(answer?.headers()['porthole-error'], 'ERR_LOGIN_REQUIRED');
  t.match(await visited.textContent('body'), /not open to everybody, or there is none by this name/);
});
