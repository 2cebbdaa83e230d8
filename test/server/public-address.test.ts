import t from 'tap';
import { publicAddress, publicUrls } from '../../server/public-address.ts';

const entrances = (port: number | undefined) => ({ port: () => port });

t.test('what the operator says, else where it listens', async (t) => {
  const publicUrl = { protocol: 'http', hostname: 'gw.test', port: 8080 } as const;
  t.same(publicAddress({ publicUrl }, entrances(1)), { protocol: 'http', port: 8080 });
  t.same(publicAddress({ publicUrl: undefined }, entrances(8443)), { protocol: 'https', port: 8443 });
  t.same(publicAddress({ publicUrl: undefined }, entrances(undefined)), { protocol: 'https', port: 443 });
  t.equal(
    publicUrls({ publicUrl: undefined, domain: 'gw.test' }, entrances(443)).rootUrl,
    'https://gw.test/',
  );
});
