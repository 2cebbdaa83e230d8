import t from 'tap';
import { loginContext, loginEndpoints, makeSignIn } from '../../server/login-parts.ts';
import type { AccessParts } from '../../server/access-parts.ts';
import { loginSetting } from '../support/login-setting.ts';

const config = { domain: 'preview.example.com', publicUrl: undefined, sessionTtlMs: 1000, embedOrigins: [] };

t.test('each path is there once, the end of a hand-over on the hosts of environments', async (t) => {
  const { context } = await loginSetting(t);
  const endpoints = loginEndpoints(context, { providers: { list: () => [] }, signIn: makeSignIn(context) });
  t.same(
    endpoints.map(({ on, path }) => `${on} ${path}`),
    [
      'gateway /_porthole/login',
      'gateway /_porthole/login/link',
      'gateway /_porthole/login/key',
      'gateway /_porthole/account',
      'environments /_porthole/session',
    ],
  );
});

t.test('ssh is where visitors reach the gateway', async (t) => {
  const { context: access } = await loginSetting(t);
  const base = { access: access as unknown as AccessParts, audit: { record: () => undefined } };
  const at = (publicUrl?: Parameters<typeof loginContext>[0]['publicUrl'], port?: number): number =>
    loginContext({ ...config, publicUrl }, { ...base, entrances: { port: () => port } }).sshPort;
  t.equal(at({ protocol: 'https', hostname: 'preview.example.com', port: 443 }, 8443), 443);
  t.equal(at(undefined, 8443), 8443);
  t.equal(at(), 22);
});
