import t from 'tap';
import { apiEndpoints } from '../../server/api-parts.ts';
import type { AccessParts } from '../../server/access-parts.ts';
import { adminSetting } from '../support/admin-setting.ts';
import { endpointCall } from '../support/endpoint-call.ts';

t.test('the API is one endpoint of the own host, which asks who it is', async (t) => {
  const { admin } = adminSetting();
  const access = { loginHost: 'preview.test', loginOrigin: 'https://preview.test' } as AccessParts;
  const [endpoint, ...others] = apiEndpoints({ admin, access });
  t.same(others, []);
  t.match(endpoint, { path: '/_porthole/api', below: true, on: 'gateway', maxBodyBytes: 65_536 });
  t.match(await endpoint?.answer(endpointCall()), { kind: 'failure', code: 'ERR_LOGIN_REQUIRED' });
});
