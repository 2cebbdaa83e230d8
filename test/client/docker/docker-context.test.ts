import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { contextHost } from '../../../client/docker/docker-context.ts';
import { parseEngineAddress } from '../../../client/docker/engine-address.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

/** A home where `docker context create` and `docker context use` were run. */
function home(t: Test, contexts: Readonly<Record<string, unknown>>, current?: string): string {
  const root = scratchDir(t);
  for (const [name, meta] of Object.entries(contexts)) {
    const folder = join(root, '.docker', 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'meta.json'), typeof meta === 'string' ? meta : JSON.stringify(meta));
  }
  if (current !== undefined)
    writeFileSync(join(root, '.docker', 'config.json'), JSON.stringify({ currentContext: current }));
  return root;
}

function context(host: string): object {
  return { Name: 'x', Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
}

t.test('the context that is used, unless another is named', (t) => {
  const own = home(
    t,
    { rootless: context('unix:///run/user/1/docker.sock'), far: context('tcp://far:1') },
    'rootless',
  );
  t.same(contextHost({ env: {}, home: own }), { ok: true, value: 'unix:///run/user/1/docker.sock' });
  t.same(contextHost({ env: { DOCKER_CONTEXT: 'far' }, home: own }), { ok: true, value: 'tcp://far:1' });
  t.same(contextHost({ env: { DOCKER_CONTEXT: 'default' }, home: own }), { ok: true, value: undefined });
  t.same(contextHost({ env: { DOCKER_CONFIG: join(own, '.docker') }, home: '/nowhere' }).ok, true);
  t.same(contextHost({ env: {}, home: '/nowhere' }), { ok: true, value: undefined });
  t.match(parseEngineAddress(undefined, { env: {}, home: own }), {
    value: { kind: 'socket', paths: ['/run/user/1/docker.sock'] },
  });
  const env = { DOCKER_HOST: 'unix:///other.sock', DOCKER_CONTEXT: 'far' };
  t.match(parseEngineAddress(undefined, { env, home: own }), { value: { paths: ['/other.sock'] } });
  t.end();
});

t.test('a context that names no engine is told', (t) => {
  const own = home(t, { broken: '{', other: { Endpoints: { kubernetes: {} } }, list: [1] });
  for (const name of ['broken', 'other', 'list', 'never', '__proto__'])
    t.match(contextHost({ env: { DOCKER_CONTEXT: name }, home: own }), {
      ok: false,
      problem: /docker context ls/,
    });
  const remote = home(t, { far: context('ssh://user@far') }, 'far');
  t.match(parseEngineAddress(undefined, { env: {}, home: remote }), {
    ok: false,
    problem: /another machine/,
  });
  t.end();
});
