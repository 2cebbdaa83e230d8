import { readFileSync } from 'node:fs';
import t from 'tap';
import { packageVersion } from '../../core/version.ts';

t.test('the version is that of the package', (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.equal(packageVersion(), manifest.version);
  t.end();
});
