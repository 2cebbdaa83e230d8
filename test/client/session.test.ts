import t from 'tap';
import { lost, type Failure } from '../../client/failure.ts';
import { defaultLoginTimings, type GatewayAccess } from '../../client/login.ts';
import { fixedOffers } from '../../client/offer-source.ts';
import { makeJobKey } from '../../client/oidc/job-key.ts';
import type { RenewedCredential } from '../../client/renewed-credential.ts';
import { openSession } from '../../client/session.ts';
import { parseOffers } from '../../client/target.ts';
import { FakeGateway, type Teardown } from './fake-gateway.ts';

class FakeCredential implements RenewedCredential {
  readonly identities = [makeJobKey().identity];
  readonly listeners = new Set<(graceMs: number) => void>();
  failure: Failure | undefined;

  ready(): Promise<Failure | undefined> {
    return Promise.resolve(this.failure);
  }

  onRenewed(listener: (graceMs: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    // Nothing is held.
  }
}

async function setting(t: Teardown, admitted?: readonly string[]) {
  const gateway = await FakeGateway.start(t, admitted === undefined ? {} : { admitted });
  const credential = new FakeCredential();
  const access: GatewayAccess = {
    server: { transport: 'tcp', host: '127.0.0.1', port: gateway.port },
    trust: undefined,
    hostKey: { kind: 'pinned', fingerprints: [gateway.fingerprint] },
    identities: credential.identities,
    credential,
    user: 'pr-1',
  };
  const offers = parseOffers(['3000']);
  const open = () =>
    openSession(access, {
      source: fixedOffers(offers.ok ? offers.value : []),
      isUseful: () => true,
      timings: defaultLoginTimings,
      drainMs: 100,
      onOpening: (opening) => opening.refuse(1, 'not here'),
      signal: new AbortController().signal,
    });
  return { gateway, credential, open };
}

t.test('a session whose credential was renewed asks for another connection', async (t) => {
  const { credential, open } = await setting(t);
  const opened = await open();
  if (opened.kind !== 'open') throw new Error(opened.reason);
  for (const listener of credential.listeners) listener(1234);
  t.equal(await opened.session.draining, 1234);
  await opened.session.close();
  await opened.session.closed;
  t.equal(credential.listeners.size, 0, 'what is over hears of nothing');
});

t.test('without a good credential nobody logs in', async (t) => {
  const { gateway, credential, open } = await setting(t);
  credential.failure = lost('no token');
  t.match(await open(), { kind: 'lost', reason: 'no token' });
  t.equal(gateway.tunnels.length, 0);
});

t.test('a login that fails leaves nothing behind', async (t) => {
  const { credential, open } = await setting(t, []);
  t.match(await open(), { kind: 'refused', code: 'authentication' });
  t.equal(credential.listeners.size, 0);
});
