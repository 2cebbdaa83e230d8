import t from 'tap';
import { makeGateParts } from '../../server/gate-parts.ts';
import { FakeTunnel } from '../support/present-tunnel.ts';
import { silentLog } from '../../core/log.ts';

t.test('whatever decides who may reach what has those asked again who are in', async (t) => {
  const changes: (() => void)[] = [];
  const onChange = (callback: () => void): void => void changes.push(callback);
  const config = {
    gateAccess: 'members',
    domain: 'preview.test',
    holdMs: 1,
    gateIdleMs: 1,
    gateMaxSessionMs: 1,
  };
  const parts = makeGateParts({
    config: { ...config, gateMaxSessions: 1, gateStartups: 1 },
    stores: { targets: { onChange }, audit: {} },
    admissions: { onChange },
    ...{ registry: {}, envNameOf: () => '', metrics: {}, log: silentLog() },
  } as never);
  t.teardown(() => parts.gate.close('the test is over'));
  t.equal(changes.length, 2, 'keys, and machines with their grants');
  t.equal(parts.jumps, parts.gate.sessions);
  let asked = 0;
  parts.gate.recheck = () => (asked += 1);
  for (const change of changes) change();
  parts.presence.report('a', new FakeTunnel());
  t.equal(asked, 3);
});
