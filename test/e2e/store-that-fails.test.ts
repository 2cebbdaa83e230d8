import { readFileSync } from 'node:fs';
import t from 'tap';
import { dial, startPublicGateway } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { openSqlite } from '../../server/store/sqlite.ts';
import { join } from 'node:path';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('while the database cannot be written, changes fail with the reason, and tunnels go on', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${port}`];
  await dial(t, gateway, { key, forwards });
  const other = openSqlite(join(gateway.stateDir, 'porthole.db'));
  t.teardown(() => {
    other.close();
  });
  const colleague = makeKey(t);
  const add = async () => {
    const ssh = openssh(t, { port: gateway.port, key, command: ['key', 'add', '--name', 'new'] });
    ssh.write(readFileSync(`${colleague.path}.pub`, 'utf8'));
    ssh.end();
    return { code: (await ssh.exit).code, said: `${ssh.stdout}${ssh.stderr}` };
  };
  other.exec('begin immediate');
  t.match(await add(), {
    code: 1,
    said: /another program keeps it locked; nothing was changed, and tunnels go on/u,
  });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  await dial(t, gateway, { key, user: 'pr-2', forwards });
  t.equal((await visit(gateway, 'pr-2.localhost/')).body, 'served', 'logins too');
  other.exec('commit');
  t.match(await add(), { code: 0 });
  await dial(t, gateway, { key: colleague, user: 'pr-3', forwards });
});
