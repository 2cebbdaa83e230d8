import t from 'tap';
import { lost, refused, type Failure } from '../../../client/failure.ts';
import { JobCredential } from '../../../client/oidc/job-credential.ts';
import type { CredentialEvent } from '../../../client/report.ts';
import type { Exchanged } from '../../../client/oidc/exchange-token.ts';
import { makeJobKey } from '../../../client/oidc/job-key.ts';
import { createAuthority } from '../../../server/identity/own-authority.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { certificateFor } from './fake-gateway-https.ts';

const key = makeJobKey();
const authority = createAuthority(scratchDir(t), 'test');
const minute = 60_000;

function make() {
  const state = { nowMs: 1_000_000, failure: undefined as Failure | undefined, asked: 0, ttlMs: 60 * minute };
  const events: CredentialEvent[] = [];
  const timers: { ms: number; callback: () => void; live: boolean }[] = [];
  const credential = new JobCredential({
    key,
    obtain: async (): Promise<Exchanged | Failure> => {
      state.asked += 1;
      if (state.failure !== undefined) return state.failure;
      const certificate = certificateFor(key.publicLine, authority);
      const who = { principal: 'ci', role: 'machine', env: ['pr-*'] };
      return { kind: 'exchanged', certificate, expiresAt: state.nowMs + state.ttlMs, ...who };
    },
    onEvent: (event) => events.push(event),
    nowMs: () => state.nowMs,
    after: (ms, callback) => {
      const timer = { ms, callback, live: true };
      timers.push(timer);
      return () => {
        timer.live = false;
      };
    },
  });
  const fire = async (): Promise<void> => {
    const timer = timers.findLast(({ live }) => live);
    if (timer === undefined) throw new Error('no timer');
    timer.live = false;
    state.nowMs += timer.ms;
    timer.callback();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  };
  return { state, events, timers, credential, fire };
}

t.test('obtained when it is needed, and renewed in time', async (t) => {
  const { state, events, timers, credential, fire } = make();
  t.same(credential.identities, []);
  await Promise.all([credential.ready(), credential.ready()]);
  t.equal(state.asked, 1, 'however many ask');
  t.match(credential.identities, [{ isCertificate: true, fingerprint: key.identity.fingerprint }]);
  const [first] = credential.identities;
  const told: number[] = [];
  const forget = credential.onRenewed((graceMs) => told.push(graceMs));
  t.equal(timers.at(-1)?.ms, 40 * minute);
  t.equal(await credential.ready(), undefined);
  t.equal(state.asked, 1);
  await fire();
  t.equal(state.asked, 2);
  t.not(credential.identities[0], first);
  t.same(told, [30_000]);
  forget();
  await fire();
  t.same(told, [30_000]);
  t.match(events, [{ state: 'obtained', principal: 'ci' }, { state: 'renewed' }, { state: 'renewed' }]);
});

t.test('what fails is tried again while there is time', async (t) => {
  const { state, events, timers, credential, fire } = make();
  await credential.ready();
  state.failure = lost('down');
  await fire();
  t.equal(timers.at(-1)?.ms, 30_000);
  t.match(events.at(-1), { state: 'not-renewed', reason: 'down' });
  state.nowMs += 19 * minute + 45_000;
  t.equal(await credential.ready(), undefined, 'what is left is good');
  t.equal(timers.at(-1)?.ms, 7500, 'half of what is left');
  state.nowMs += minute;
  t.match(await credential.ready(), { kind: 'lost', reason: 'down' });
  state.failure = undefined;
  t.equal(await credential.ready(), undefined);
});

t.test('what was refused is not tried again before it is needed', async (t) => {
  const { state, timers, credential, fire } = make();
  await credential.ready();
  state.failure = refused('authentication', 'no');
  await fire();
  t.equal(timers.filter(({ live }) => live).length, 0);
  state.nowMs += 60 * minute;
  t.match(await credential.ready(), { kind: 'refused', reason: 'no' });
});

t.test('the first failure is for whoever asked', async (t) => {
  const { state, events, credential } = make();
  state.failure = refused('authentication', 'no');
  t.match(await credential.ready(), { kind: 'refused', reason: 'no' });
  t.same(events, []);
});

t.test('after the end there is nothing', async (t) => {
  const { timers, credential } = make();
  await credential.ready();
  credential.close();
  t.equal(timers.filter(({ live }) => live).length, 0);
  const other = make();
  const pending = other.credential.ready();
  other.credential.close();
  t.match(await pending, { kind: 'refused', reason: 'stopped' });
});

t.test('a certificate for another key is none', async (t) => {
  const credential = new JobCredential({
    key,
    obtain: async () => ({
      ...{ kind: 'exchanged', principal: 'ci', role: 'machine', env: [], expiresAt: Date.now() + minute },
      certificate: certificateFor(makeJobKey().publicLine, authority),
    }),
    onEvent: () => undefined,
  });
  t.match(await credential.ready(), { kind: 'refused', reason: /for another key/ });
});
