import t from 'tap';
import { JumpTeam } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('ssh -D is a SOCKS proxy to the services of environments, and to nothing else', async (t) => {
  const team = await JumpTeam.start(t, ['--domain', 'preview.test']);
  const [main, web, api] = [
    await startTextApp(t, 'main'),
    await startTextApp(t, 'web'),
    await startTextApp(t, 'api'),
  ];
  const to = ({ port }: { port: number }): string => `127.0.0.1:${String(port)}`;
  await team.machine({
    forwards: [`80:${to(main)}`, `web:80:${to(web)}`, `api:8080:${to(api)}`, `9000:${to(api)}`],
  });
  const port = await lowPort();
  const proxy = team.ssh('ana', ['-v', '-N', '-D', `127.0.0.1:${String(port)}`, 'gw']);
  await proxy.said(/Entering interactive session/);
  const curl = (url: string) =>
    team.ran('curl', ['-sS', '-m', '20', '--socks5-hostname', `127.0.0.1:${String(port)}`, url]);

  t.match(await curl('http://pr-1/'), { code: 0, stdout: 'main' });
  t.match(await curl('http://pr-1.preview.test/'), { code: 0, stdout: 'main' });
  t.match(await curl('http://web.pr-1/'), { code: 0, stdout: 'web' });
  t.match(await curl('http://api.pr-1:8080/'), { code: 0, stdout: 'api' });
  t.match(await curl('http://pr-1:9000/'), { code: 0, stdout: 'api' });

  const elsewhere = [to(main), to(web), `localhost:${String(web.port)}`, '169.254.169.254', 'preview.test'];
  const wrong = [
    'web.pr-1:81',
    'pr-1:8080',
    'nothing.pr-1',
    'web.pr-2',
    '[::1]:80',
    `[::1]:${String(web.port)}`,
  ];
  for (const host of [...elsewhere, ...wrong]) {
    const { code, stdout } = await curl(`http://${host}/`);
    t.match([code, stdout], [97, ''], host);
  }
  const refusals = [...proxy.stderr.matchAll(/open failed: administratively prohibited: .*\(ERR_[A-Z_]+\)/g)];
  t.equal(refusals.length, elsewhere.length + wrong.length, 'and each with a reason');
});
