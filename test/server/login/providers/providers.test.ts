import t from 'tap';
import { loginPath } from '../../../../server/access/own-paths.ts';
import { callbackPath, withPath } from '../../../../server/login/providers/providers.ts';

t.test('the paths are below those of the login', async (t) => {
  for (const path of [callbackPath, withPath]) t.ok(path.startsWith(`${loginPath}/`));
});
