import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openUrl, urlOpener } from '../../client/open-url.ts';

t.test('there is a program where there is a screen', (t) => {
  t.same(urlOpener('linux', { DISPLAY: ':0' }), ['xdg-open']);
  t.same(urlOpener('linux', { WAYLAND_DISPLAY: 'wayland-0' }), ['xdg-open']);
  t.equal(urlOpener('linux', {}), undefined);
  t.equal(urlOpener('freebsd', { DISPLAY: '' }), undefined);
  t.same(urlOpener('darwin', {}), ['open']);
  t.match(urlOpener('win32', {}), ['rundll32']);
  t.end();
});

t.test('the program gets the address, as one word', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'porthole-open-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const program = join(dir, 'opener');
  writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > ${dir}/told\n`);
  chmodSync(program, 0o700);
  t.equal(await openUrl([program], 'https://localhost/?a=b&c=$(x)'), true);
  t.equal(readFileSync(join(dir, 'told'), 'utf8'), 'https://localhost/?a=b&c=$(x)');
});

t.test('one that fails, or is not there, has opened nothing', async (t) => {
  t.equal(await openUrl(['false'], 'https://localhost/'), false);
  t.equal(await openUrl(['/nowhere/opener'], 'https://localhost/'), false);
});

t.test('one that stays has opened it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'porthole-open-'));
  const ended = join(dir, 'end');
  const program = join(dir, 'browser');
  writeFileSync(program, `#!/bin/sh\nwhile [ ! -e ${ended} ]; do sleep 0.05; done; touch ${dir}/gone\n`);
  chmodSync(program, 0o700);
  t.equal(await openUrl([program], 'https://localhost/', 1), true);
  const changes = watch(dir);
  t.teardown(() => {
    changes.close();
    rmSync(dir, { recursive: true });
  });
  writeFileSync(ended, '');
  for (let name = ''; name !== 'gone';) [, name] = (await once(changes, 'change')) as [string, string];
});
