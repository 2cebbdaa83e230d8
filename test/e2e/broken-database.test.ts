import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openSqlite } from '../../server/store/sqlite.ts';
import { dial } from '../support/dial.ts';
import { GatewayPlace } from '../support/gateway-place.ts';
import { Portholed } from '../support/portholed.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('one that cannot be used ends the start with one clear message, and is left as it is', async (t) => {
  const place = new GatewayPlace(t);
  const good = await place.start();
  t.equal(await good.kill('SIGTERM'), 0);
  const database = readFileSync(place.database);
  const damaged = Buffer.concat([database.subarray(0, 100), Buffer.alloc(database.length - 100, 0xa5)]);
  const newer = Buffer.from(database);
  newer.writeUInt32BE(4711, 60);
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from('What I wanted to remember.\n'.repeat(1000)), /is not a database/u],
    [damaged, /is damaged/u],
    [newer, /newer portholed/u],
  ];
  for (const [content, words] of cases) {
    writeFileSync(place.database, content);
    const gateway = Portholed.spawn(t, place.args([]));
    t.equal(await gateway.exit(), 1);
    const [message = '', ...more] = gateway.stderr.trimEnd().split('\n');
    t.same(more, []);
    t.ok(message.startsWith(`portholed: the database ${place.database} `), message);
    t.match(message, words);
    t.ok(readFileSync(place.database).equals(content), 'nothing was written over');
  }
  writeFileSync(place.database, database);
  const again = await place.start();
  t.equal(await again.kill('SIGTERM'), 0);
});

t.test('one that cannot be written while the gateway runs disturbs nobody', async (t) => {
  const place = new GatewayPlace(t);
  const gateway = await place.start();
  const other = openSqlite(place.database);
  other.exec('begin immediate');
  const failing = gateway.line(({ msg }) => msg.startsWith('environments cannot be written'));
  const { port } = await startTextApp(t, 'served');
  await dial(t, gateway, { key: place.key, forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  t.match(await failing, { level: 'error', err: { message: /locked/u } });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
  other.exec('commit');
  other.close();
  await gateway.line(({ msg }) => msg === 'environments are written to the database again');
  await place.written(1);
});
