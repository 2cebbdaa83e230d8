import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openOidcParts } from '../../server/oidc-parts.ts';
import { shopPolicy } from '../support/gateway-with-policy.ts';
import { createLog } from '../support/log-lines.ts';
import { endpointCall } from '../support/endpoint-call.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const { log } = createLog();
const parts = {
  rootUrl: 'https://gw.test/',
  certificates: { issue: () => Promise.reject(new Error('none')) },
  visits: {
    grants: { change: () => Promise.resolve() },
    grantKey: Buffer.alloc(32),
    ownerOf: () => undefined,
  },
  audit: { record: () => undefined },
  log,
};

t.test('without a policy nothing is served', async (t) => {
  const none = await openOidcParts({ oidcPolicy: undefined }, parts);
  t.same(none.endpoints, []);
  none.close();
});

t.test('with one, the exchange', async (t) => {
  const path = join(scratchDir(t), 'oidc.toml');
  await t.rejects(openOidcParts({ oidcPolicy: path }, parts), { code: 'ERR_CONFIG' });
  writeFileSync(path, shopPolicy.replace('{issuer}', 'https://ci.test'));
  const opened = await openOidcParts({ oidcPolicy: path }, parts);
  t.teardown(() => opened.close());
  t.match(opened.endpoints, [{ path: '/_porthole/oidc' }]);
  const call = endpointCall({ method: 'POST', path: '/_porthole/oidc', body: Buffer.from('{}') });
  t.match(await opened.endpoints[0]?.answer(call), { kind: 'failure', code: 'ERR_BAD_REQUEST' });
});
