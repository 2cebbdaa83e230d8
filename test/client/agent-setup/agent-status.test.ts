import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { agentStatus } from '../../../client/agent-setup/agent-status.ts';
import { runProgramToEnd } from '../../../client/agent-setup/run-program.ts';
import { setUpAgent } from '../../../client/agent-setup/set-up-agent.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { sshdPlace } from '../../support/sshd-place.ts';

t.test('what is gone, changed, or said by another first', async (t) => {
  const places = sshdPlace(t);
  const status = () => agentStatus(places, runProgramToEnd);
  t.same(await status(), { kind: 'none' });
  const targetId = '11111111-2222-3333-4444-555555555555';
  const limits = { targetId, osUsers: ['root'], longestCertificateMs: undefined, ca: makeKey(t).line };
  const rest = { maxStartups: undefined, reload: { kind: 'none' }, force: false } as const;
  await setUpAgent({ places, ...limits, ...rest }, runProgramToEnd);
  t.match(await status(), { kind: 'set-up', problem: undefined, facts: limits });
  places.configure(['Match User root', '  TrustedUserCAKeys none']);
  t.match(await status(), { problem: /trustedusercakeys is none for root/ });
  places.configure();
  writeFileSync(join(places.dir, 'principals', 'root'), 'another\n');
  t.match(await status(), { problem: /principals\/root is gone or changed/ });
  rmSync(join(places.included, '60-porthole.conf'));
  t.match(await status(), { problem: /60-porthole\.conf is gone/ });
});
