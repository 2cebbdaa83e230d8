import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  composeProject,
  nameInComposeFile,
  nameInDotEnv,
  normaliseProject,
} from '../../../client/docker/compose-project.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

function folder(t: Test, files: Readonly<Record<string, string>>): string {
  const root = scratchDir(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const ask = { project: undefined, env: {} };

t.test('the flag, then the environment', (t) => {
  const cwd = folder(t, { 'compose.yaml': 'name: file\n' });
  const env = { COMPOSE_PROJECT_NAME: 'variable' };
  t.equal(composeProject({ project: 'flag', env, cwd }), 'flag');
  t.equal(composeProject({ project: undefined, env, cwd }), 'variable');
  t.equal(composeProject({ project: undefined, env: { COMPOSE_PROJECT_NAME: '' }, cwd }), 'file');
  t.end();
});

t.test('the folder of the nearest compose file upwards', (t) => {
  const root = folder(t, {
    'My_Shop 2.0/docker-compose.yml': 'services: {}\n',
    'My_Shop 2.0/src/deep/file': '',
    'My_Shop 2.0/inner/compose.yml': '',
  });
  const shop = join(root, 'My_Shop 2.0');
  t.equal(composeProject({ ...ask, cwd: shop }), 'my_shop20');
  t.equal(composeProject({ ...ask, cwd: join(shop, 'src', 'deep') }), 'my_shop20');
  t.equal(composeProject({ ...ask, cwd: join(shop, 'inner') }), 'inner');
  t.equal(composeProject({ ...ask, cwd: root }), undefined);
  t.end();
});

t.test('COMPOSE_FILE, .env and name: as docker compose reads them', (t) => {
  const root = folder(t, {
    'compose.yaml': 'services:\n  web:\n    image: x\nname: "from-file" # why\n',
    'env/compose.yaml': 'name: from-file\n',
    'env/.env': 'OTHER=1\nCOMPOSE_PROJECT_NAME=from-env\n',
  });
  t.equal(composeProject({ ...ask, cwd: root }), 'from-file');
  t.equal(composeProject({ ...ask, cwd: join(root, 'env') }), 'from-env');
  t.equal(
    composeProject({ ...ask, env: { COMPOSE_FILE: 'env/compose.yaml:other.yaml' }, cwd: root }),
    'from-env',
  );
  t.end();
});

t.test('names', (t) => {
  t.equal(normaliseProject('__App-1'), 'app-1');
  t.equal(normaliseProject('...'), '');
  t.equal(nameInComposeFile('services:\n  name: inner\n'), undefined);
  t.equal(nameInComposeFile('name: $PROJECT\n'), undefined, 'not a plain one');
  t.equal(nameInComposeFile("name: 'a_b'\r\n"), 'a_b');
  t.equal(nameInDotEnv('export COMPOSE_PROJECT_NAME="x"\n'), 'x');
  t.equal(nameInDotEnv('#COMPOSE_PROJECT_NAME=x\n'), undefined);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.match(normaliseProject(text), /^(?:[a-z0-9][a-z0-9_-]*)?$/);
      t.equal(normaliseProject(normaliseProject(text)), normaliseProject(text));
    }),
  );
  t.end();
});
