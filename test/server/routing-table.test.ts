import t from 'tap';
import { makeRegistry } from '../../server/routing-table.ts';
import { FakeForward } from '../support/fake-forward.ts';
import { createLog } from '../support/log-lines.ts';

t.test('the registry remembers in the store, and tells what becomes of environments', async (t) => {
  const noted: string[] = [];
  const environments = {
    remember: ({ name }: { name: string }) => noted.push(name),
    forget: (name: string) => noted.push(`not ${name}`),
  } as never;
  const { log, lines } = createLog();
  const config = {
    domain: 'preview.test',
    adminDomain: 'login.test',
    holdMs: 1,
    claimTtlMs: 1000,
    maxHeld: 1,
  };
  const registry = makeRegistry(config, { stores: { environments }, log });
  t.match(registry.resolve('pr-1.preview.test'), { kind: 'unknown', env: 'pr-1' });
  t.match(registry.resolve('login.test'), { kind: 'apex' });
  registry.add(new FakeForward({ owner: 'ana', env: 'pr-1' }));
  t.match(lines, [{ msg: 'env state', env: 'pr-1', state: 'ready' }]);
  t.ok(noted.includes('pr-1'));
});
