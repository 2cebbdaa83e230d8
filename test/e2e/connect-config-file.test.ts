import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { porthole, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

/** A repository with this configuration, and a folder deep in it. */
function repository(t: Parameters<typeof scratchDir>[0], config: string): { root: string; inside: string } {
  const root = scratchDir(t);
  const inside = join(root, 'packages', 'web');
  mkdirSync(inside, { recursive: true });
  mkdirSync(join(root, '.git'));
  writeFileSync(join(root, 'porthole.toml'), config);
  return { root, inside };
}

t.test('one file says all, and a word on the command line goes before it', async (t) => {
  const { gateway, key } = await startGateway(t);
  const web = await startTextApp(t, 'the web');
  const api = await startTextApp(t, 'the api');
  const own = await startTextApp(t, 'the default service');
  const { inside } = repository(
    t,
    `
      server = "https://localhost:${String(gateway.port)}"
      ca = ${JSON.stringify(gateway.caFile)}
      identity = ${JSON.stringify(key.path)}
      env = "from-the-file"
      target = ${String(own.port)}
      access = "public"
      url-file = "urls.txt"

      [services]
      web = ${String(web.port)}

      [services.api]
      target = "127.0.0.1:${String(api.port)}"
      port = 8080
      access = "private"
    `,
  );
  const client = porthole(t, ['connect', '--json'], { cwd: inside });
  const urls = await urlsOf(client, 3);
  t.match(urls, [
    /^https:\/\/from-the-file\.localhost/,
    /^https:\/\/web--from-the-file\./,
    /^https:\/\/api--8080--from-the-file\./,
  ]);
  t.equal((await visit(gateway, urls[0] ?? '')).body, 'the default service');
  t.equal((await visit(gateway, urls[1] ?? '')).body, 'the web');
  t.not((await visit(gateway, urls[2] ?? '')).status, 200, 'it is private, as the file says');
  client.kill();
  t.equal((await client.exit).code, 0);

  const other = porthole(t, ['connect', 'pr-7', `web=${String(api.port)}`, '--json'], { cwd: inside });
  const [url = ''] = await urlsOf(other);
  t.match(url, /^https:\/\/web--pr-7\./);
  t.equal((await visit(gateway, url)).body, 'the api');
});

t.test('a file that is wrong ends it with 2, and all of it is told', async (t) => {
  const { inside, root } = repository(
    t,
    `
      sever = "https://localhost"
      connections = 9
      url-file = "../../.bashrc"

      [services.web]
      target = 3000
      acess = "public"
    `,
  );
  const client = porthole(t, ['connect'], { cwd: inside });
  t.equal((await client.exit).code, 2);
  const file = join(root, 'porthole.toml');
  t.match(client.stderr, `${file}: sever: unknown key (did you mean server?)`);
  t.match(client.stderr, `${file}: connections: is at most 8`);
  t.match(client.stderr, `${file}: url-file: is a path beneath`);
  t.match(client.stderr, `${file}: services.web.acess: unknown key (did you mean access?)`);
});
