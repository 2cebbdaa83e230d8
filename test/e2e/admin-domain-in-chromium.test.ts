import { once } from 'node:events';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const adminDomain = 'login.example.test';
const team = await PreviewTeam.start(t, ['--admin-domain', adminDomain]);
const browser = await startBrowser(t, team.gateway);
await team.offer('ana', 'pr-1');
const origin = `https://${adminDomain}:${String(team.gateway.port)}`;

async function certificateFor(servername: string): Promise<DetailedPeerCertificate> {
  const { port, ca } = team.gateway;
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca });
  t.teardown(() => {
    socket.destroy();
  });
  await once(socket, 'secureConnect');
  return socket.getPeerCertificate(true);
}

t.test('the login pages have a host of their own, with a certificate', async (t) => {
  t.match((await certificateFor(adminDomain)).subjectaltname, `DNS:${adminDomain}`);
  const { page, context } = await newProfile(browser);
  t.equal((await page.goto(team.url('web--pr-1', '/page')))?.status(), 401);
  t.equal(new URL(page.url()).origin, origin);

  await team.logIn('ana', page);
  t.equal(new URL(page.url()).origin, origin);
  t.equal((await page.goto(team.url('web--pr-1', '/page')))?.status(), 200);
  t.equal(page.url(), team.url('web--pr-1', '/page'));
  const [login] = (await context.cookies()).filter(({ name }) => name === '__Host-porthole_login');
  t.equal(login?.domain, adminDomain, 'previews are another site');
});

t.test('the host of the domain asks nobody for a login', async (t) => {
  const { page } = await newProfile(browser);
  const answer = await page.goto(team.url('', '/_porthole/login'));
  const to = new URL(page.url());
  t.ok(to.origin === origin || answer?.status() === 404, `${String(answer?.status())} ${page.url()}`);
});
