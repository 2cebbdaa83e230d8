import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openProviderParts } from '../../server/provider-parts.ts';
import { createLog } from '../support/log-lines.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { startLogins } from './login/providers/started-logins.ts';

const { log } = createLog();

t.test('without a file there is nobody to log in with', async (t) => {
  const { context } = await startLogins(t);
  const none = await openProviderParts({ loginFile: undefined }, { log });
  t.same([none.providers.list(), none.endpoints(context)], [[], []]);
  none.providers.onChange(() => undefined);
  none.close();
});

t.test('with one, its providers, rules and endpoints', async (t) => {
  const { context } = await startLogins(t);
  const path = join(scratchDir(t), 'login.toml');
  await t.rejects(openProviderParts({ loginFile: path }, { log }), { code: 'ERR_CONFIG' });
  writeFileSync(path, '[[provider]]\nname = "a"\nissuer = "https://a.test"\nclient-id = "x"\n');
  const opened = await openProviderParts({ loginFile: path }, { log });
  t.teardown(() => opened.close());
  t.same(opened.providers.list(), [{ name: 'a', title: 'a' }]);
  t.equal(opened.endpoints(context).length, 2);
  t.equal(opened.people, opened.providers);
});
