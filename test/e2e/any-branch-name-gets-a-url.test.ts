import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { offer, urlsOf } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway } = server;

/** Names as people and their tools choose them, and what their label begins with. */
const branches: readonly (readonly [branch: string, begins: string])[] = [
  ['Feature/Foo_Bar', 'feature-foo-bar-'],
  ['PR-42', 'pr-42.'],
  ['dependabot/npm_and_yarn/types/node-24.1.0', 'dependabot-npm-and-yarn-types-nod-'],
  ['a'.repeat(64), `${'a'.repeat(33)}-`],
  [`fix-${'long-'.repeat(30)}name`, 'fix-long-long-'],
  ['release--candidate', 'release-candidate-'],
  ['_both_ends_', 'both-ends-'],
  ['größe', 'gr-'],
  ['日本語', 'x-'],
  ['xn', 'xn-'],
  ['user@example.com', 'user-example-com-'],
  ['#123', '123-'],
];

for (const [branch, begins] of branches) {
  t.test(`the environment ${branch}`, async (t) => {
    const [app, web] = await Promise.all([startApp(t, 'app'), startApp(t, 'web')]);
    const session = await offer(t, server, {
      env: branch,
      args: ['-R', `80:127.0.0.1:${String(app.port)}`, '-R', `web:80:127.0.0.1:${String(web.port)}`],
    });
    const [own = '', service = ''] = urlsOf(session);
    t.ok(own.startsWith(`https://${begins}`), own);
    t.equal(service, own.replace('https://', 'https://web--'));
    t.equal((await visit(gateway, own)).body, 'app\n');
    t.equal((await visit(gateway, service)).body, 'web\n');
  });
}

const services: readonly (readonly [service: string, begins: string])[] = [
  ['My_Service', 'my-service-'],
  ['web-1/api', 'web-1-api-'],
  ['s'.repeat(80), 'sss'],
  ['3000-app', '3000-app--'],
  ['web--admin', 'web-admin-'],
];

for (const [index, [service, begins]] of services.entries()) {
  t.test(`the service ${service}`, async (t) => {
    const app = await startApp(t, service);
    const session = await offer(t, server, {
      env: `${'e'.repeat(37)}-${String(index)}`,
      args: ['-R', `${service}:80:127.0.0.1:${String(app.port)}`],
    });
    const [url = ''] = urlsOf(session);
    t.ok(url.startsWith(`https://${begins}`), url);
    t.ok((new URL(url).hostname.split('.')[0] ?? '').length <= 63, 'fits a DNS label');
    t.equal((await visit(gateway, url)).body, `${service}\n`);
  });
}

t.test('names that differ only in what a URL cannot hold do not meet', async (t) => {
  const urls = new Set<string>();
  for (const branch of ['feature/x', 'feature_x', 'feature.x', 'feature-x']) {
    const app = await startApp(t, branch);
    const session = await offer(t, server, { env: branch, args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
    const [url = ''] = urlsOf(session);
    urls.add(url);
    t.equal((await visit(gateway, url)).body, `${branch}\n`, url);
  }
  t.equal(urls.size, 4);
});
