import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const edges = [
  'server/ingress',
  'server/gate',
  'server/console',
  'server/admin',
  'server/ssh',
  'server/login',
];
const support = [
  'server/access',
  'server/identity',
  'server/store',
  'server/metrics',
  'server/oidc',
  'server/pages',
  'server/targets',
];
const below = ['server/routing', 'server/tunnel', 'core'];

/** What each part may import of ours besides itself; a part that is not named here does not belong to the tree. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  tls: ['core'],
  client: ['core'],
  'server/tunnel': ['core'],
  'server/routing': ['server/tunnel', 'core'],
  'server/config': ['tls', 'core'],
  'server/handover': ['core'],
  ...Object.fromEntries(support.map((part) => [part, [...support, ...below]])),
  ...Object.fromEntries(edges.map((part) => [part, [...support, ...below]])),
  // What the operator does on the gateway's machine, in the words of the admin commands.
  'server/operator': ['server/config', 'server/admin', ...support, ...below],
  // The composition root and main see everything but the client.
  server: ['server/config', 'server/handover', 'server/operator', 'tls', ...edges, ...support, ...below],
};

const sources = globSync('{core,tls,server,client}/**/*.ts', { cwd: root }).sort();
const everything = globSync('{core,tls,server,client,test,bench,demo,scripts,docs,deploy,web,.ci}/**', {
  cwd: root,
})
  .concat(globSync('*', { cwd: root }))
  .filter((path) => !path.includes('node_modules'));

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The part of the tree that a file belongs to: `core`, `server/ingress`, or `server` for what lies directly in it. */
function partOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  return top === 'server' && third !== undefined ? `server/${second}` : top;
}

function importsOf(path: string): string[] {
  return ts.preProcessFile(read(path), true, true).importedFiles.map((imported) => imported.fileName);
}

/** The relative imports of a file, as paths from the root of the project. */
function ownImportsOf(path: string): string[] {
  return importsOf(path)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(path), name)));
}

t.test('imports point one way', async (t) => {
  for (const path of sources) {
    const part = partOf(path);
    const allowed = mayImport[part];
    t.ok(allowed, `${path} lies in a part of the tree that has a place in the import direction`);
    const wrong = ownImportsOf(path).filter(
      (to) => partOf(to) !== part && allowed?.includes(partOf(to)) !== true,
    );
    t.same(wrong, [], `${path} imports only what lies below it`);
  }
});

t.test('only main imports the composition root, and nothing imports main', async (t) => {
  for (const path of sources) {
    const wrong = ownImportsOf(path).filter(
      (to) =>
        to === 'server/main.ts' ||
        to === 'client/main.ts' ||
        (to === 'server/server.ts' && path !== 'server/main.ts'),
    );
    t.same(wrong, [], path);
  }
});

t.test('ssh2 is imported only where SSH is spoken', async (t) => {
  const speaks = ['server/ssh', 'server/tunnel', 'client'];
  for (const path of sources.filter((path) => !speaks.includes(partOf(path)))) {
    t.same(
      importsOf(path).filter((name) => name === 'ssh2' || name.startsWith('ssh2/')),
      [],
      path,
    );
  }
});

t.test('files are named for their idea', async (t) => {
  const nameless = /(^|[-.])(index|utils?|helpers?|managers?|misc|common)\.[cm]?[jt]sx?$/;
  const wrong = everything.filter((path) => nameless.test(basename(path)));
  t.same(wrong, []);
});

t.test('no source file is over 300 lines', async (t) => {
  const long = sources.filter((path) => read(path).trimEnd().split('\n').length > 300);
  t.same(long, []);
});

t.test('ARCHITECTURE.md names what there is', async (t) => {
  const text = read('ARCHITECTURE.md').replace(/https?:\/\/[^\s)>]+/g, '');
  const named = text.match(
    /(?<![\w./-])(?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|md|json)\b|(?<![\w./-])(?:core|tls|server|client|bench|demo|test|docs|scripts|deploy|web|\.ci)\/[\w./-]*/g,
  );
  for (const path of new Set(named)) {
    const bare = path.replace(/[/.]+$/, '');
    const found = existsSync(join(root, bare)) || everything.some((there) => there.endsWith(`/${bare}`));
    t.ok(found, `${path} exists`);
  }
  for (const part of new Set(sources.map(partOf))) {
    t.ok(new RegExp(`\\b${basename(part)}/`).test(text), `${part}/ has its line`);
  }
});
