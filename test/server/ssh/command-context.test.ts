import t from 'tap';
import { commandContext } from '../../../server/ssh/command-context.ts';
import { identityOf } from '../../support/admin-setting.ts';
import { fakeUrls } from '../../support/ssh-gateway.ts';

t.test('what a connection is, for its commands', (t) => {
  const identity = identityOf({ principal: 'ana', keyId: 'abc' });
  const context = commandContext(
    { identity, env: 'pr-1' },
    { forwards: [], refusals: [] },
    {
      environments: { view: () => undefined, views: () => [] },
      urls: () => fakeUrls,
      envNameOf: ({ principal }, text) => `${text}-of-${principal}`,
      tunnels: () => [],
      roundTripMs: 5,
    },
  );
  t.match(context, { keyId: 'abc', env: 'pr-1', forwards: [], refusals: [], roundTripMs: 5, urls: fakeUrls });
  t.equal(context.envNameOf('x'), 'x-of-ana');
  t.same(context.environments.all(), { reports: [], more: 0 });
  t.end();
});
