import { createHash } from 'node:crypto';
import t from 'tap';
import {
  challengeOfFlow,
  flowOfState,
  newFlow,
  nonceOfFlow,
  stateOfFlow,
} from '../../../../server/login/providers/login-flow.ts';

const parts = { provider: 'google', at: 1, query: '' };

t.test('all that a provider gets is made of one secret, and differs', async (t) => {
  const flow = newFlow(parts);
  t.match(flow, { ...parts, verifier: /^[\w-]{43}$/ });
  const shown = [stateOfFlow(flow), nonceOfFlow(flow), challengeOfFlow(flow), flow.verifier];
  t.equal(new Set(shown).size, 4);
  for (const text of shown) t.match(text, /^[\w-]{43}$/);
  t.equal(challengeOfFlow(flow), createHash('sha256').update(flow.verifier).digest('base64url'));
  t.not(stateOfFlow(newFlow(parts)), stateOfFlow(flow));
});

t.test('a state finds its own login', async (t) => {
  const flows = [newFlow(parts), newFlow(parts)];
  for (const flow of flows) t.equal(flowOfState(flows, stateOfFlow(flow)), flow);
  t.equal(flowOfState(flows, stateOfFlow(newFlow(parts))), undefined);
  t.equal(flowOfState(flows, ''), undefined);
  t.equal(flowOfState([], ''), undefined);
});
