import t from 'tap';
import { loginOriginOf } from '../../server/login-origin.ts';

const entrances = (port: number | undefined) => ({ port: () => port });
const config = { publicUrl: undefined, domain: 'preview.test', adminDomain: undefined };

t.test("the gateway's own host, unless the operator set one apart", async (t) => {
  t.same(loginOriginOf(config, entrances(443)), { origin: 'https://preview.test', host: 'preview.test' });
  t.same(loginOriginOf(config, entrances(8443)), {
    ...{ origin: 'https://preview.test:8443', host: 'preview.test' },
  });
  const apart = { ...config, adminDomain: 'login.example.org' };
  t.same(loginOriginOf(apart, entrances(8443)), {
    ...{ origin: 'https://login.example.org:8443', host: 'login.example.org' },
  });
  const publicUrl = { protocol: 'https', hostname: 'preview.test', port: 443 } as const;
  t.match(loginOriginOf({ ...apart, publicUrl }, entrances(8443)), { origin: 'https://login.example.org' });
});
