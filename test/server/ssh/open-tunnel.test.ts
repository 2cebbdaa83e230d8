import t from 'tap';
import { dialIn } from '../../support/machine.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';

t.test('what becomes of a tunnel is counted, logged and audited', async (t) => {
  const audited: unknown[] = [];
  const gateway = await startSshGateway(t, { audit: { record: (entry) => audited.push(entry) } });
  const machine = await dialIn(t, gateway.port);
  const tunnel = await gateway.tunnel();
  const opened = gateway.logLines.find(({ msg }) => msg === 'tunnel opened');
  t.match(opened, { env: 'pr-1', tunnelId: tunnel.id, remote: '127.0.0.1', fingerprint: /^SHA256:/ });
  tunnel.close('enough');
  await Promise.all([tunnel.closed, machine.closed]);
  t.match(
    gateway.logLines.find(({ msg }) => msg === 'tunnel closed'),
    { tunnelId: tunnel.id, reason: 'enough' },
  );
  t.same(
    gateway.counted.filter((each) => each.startsWith('tunnel')),
    ['tunnel opened', 'tunnel closed: enough'],
  );
  t.match(audited.at(-1), { action: 'tunnel.end', detail: { reason: 'enough', tunnelId: tunnel.id } });
});
