import t from 'tap';
import { providerEndpoints } from '../../../../server/login/providers/provider-endpoints.ts';
import { callbackPath, withPath } from '../../../../server/login/providers/providers.ts';
import { startLogins } from './started-logins.ts';

t.test('the way to a provider and the way back', async (t) => {
  const { file, context } = await startLogins(t);
  t.match(providerEndpoints(file, context), [
    { path: withPath, on: 'gateway' },
    { path: callbackPath, on: 'gateway' },
  ]);
});
