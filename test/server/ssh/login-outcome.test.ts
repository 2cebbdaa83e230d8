import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import type { LoginOutcome } from '../../../server/ssh/login-outcome.ts';
import { Penalties } from '../../../server/ssh/penalties.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { fingerprint } from '../../../core/fingerprint.ts';
import { dialIn, startDialling } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import type { TestScope } from '../../support/scope.ts';
import { startSshGateway, type SshGatewayOptions } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { until } from '../../support/until.ts';

async function start(t: TestScope, options: SshGatewayOptions = {}) {
  const outcomes: LoginOutcome[] = [];
  const penalised: string[] = [];
  const clock = { ms: 0 };
  const penalties = new Penalties({
    now: () => clock.ms,
    isExempt: () => false,
    onBlocked: () => undefined,
  });
  const gateway = await startSshGateway(t, {
    penalties,
    onPenalised: (address) => penalised.push(address),
    onLogin: (outcome) => outcomes.push(outcome),
    ...options,
  });
  const block = (): void => {
    for (let count = 0; count < 20; count += 1) penalties.failed('127.0.0.1', 'refused');
  };
  return { gateway, outcomes, penalised, penalties, clock, block };
}

function raw(t: TestScope, port: number): { socket: Socket; received: () => number } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = 0;
  socket.on('error', () => undefined).on('data', (data: Buffer) => (received += data.length));
  t.teardown(() => socket.destroy());
  return { socket, received: () => received };
}

t.test('a login, with who it is', async (t) => {
  const { gateway, outcomes } = await start(t);
  const machine = await dialIn(t, gateway.port, { user: 'pr-7' });
  const print = fingerprint(machine.key.blob);
  t.match(outcomes, [{ kind: 'ok', address: '127.0.0.1', env: 'pr-7', identity: { fingerprint: print } }]);
  machine.socket.destroy();
  await until('it is gone', () => gateway.server.tunnels.length === 0);
  t.equal(outcomes.length, 1, 'its end is no outcome of a login');
});

t.test('one refused connection is one failure, however many keys it tried', async (t) => {
  const { gateway, outcomes } = await start(t);
  const keys = [makeKey(t), makeKey(t), makeKey(t)] as const;
  for (const key of keys) gateway.admissions.set(key.blob, 'refused');
  const args = keys.slice(1).flatMap((key) => ['-i', key.path]);
  await openssh(t, { port: gateway.port, key: keys[0], args, user: 'root' }).exit;
  await until('the outcome', () => outcomes.length > 0);
  t.match(outcomes, [
    {
      kind: 'failed',
      why: 'refused',
      address: '127.0.0.1',
      attempt: { user: 'root', reason: 'this key is not known here', tries: 3 },
    },
  ]);
  const [outcome] = outcomes;
  const told = outcome?.kind === 'failed' ? outcome.attempt?.fingerprints : undefined;
  t.same(told?.toSorted(), keys.map((key) => fingerprint(key.blob)).toSorted());
});

t.test('a wrong key before the right one is no failure', async (t) => {
  const { gateway, outcomes } = await start(t);
  const [wrong, right] = [makeKey(t), makeKey(t)];
  gateway.admissions.set(wrong.blob, 'refused');
  const ssh = openssh(t, { port: gateway.port, key: right, args: ['-i', wrong.path], command: ['hello'] });
  t.equal((await ssh.exit).code, 0);
  t.match(outcomes, [{ kind: 'ok' }]);
  t.equal(outcomes.length, 1);
});

t.test('who speaks SSH and leaves, who takes too long, and who says nothing', async (t) => {
  const { gateway, outcomes } = await start(t);
  const health = raw(t, gateway.port);
  await once(health.socket, 'connect');
  await until('it is counted', () => gateway.server.pendingLogins === 1);
  health.socket.end();
  await until('it is gone', () => gateway.server.pendingLogins === 0);
  t.same(outcomes, [], 'a health check');
  const scan = raw(t, gateway.port);
  scan.socket.write('SSH-2.0-scan\r\n');
  await until('it is answered', () => scan.received() > 100);
  scan.socket.end();
  await until('the outcome', () => outcomes.length === 1);
  t.match(outcomes, [{ kind: 'failed', why: 'nothing', attempt: undefined }]);
  const { gateway: hasty, outcomes: late } = await start(t, { loginGraceMs: 30 });
  const silent = raw(t, hasty.port);
  await once(silent.socket, 'close');
  await until('the outcome', () => late.length === 1);
  t.match(late, [{ kind: 'failed', why: 'late' }]);
});

t.test('logins that the gateway itself ended are no failures', async (t) => {
  const { gateway, outcomes } = await start(t);
  const atLogin = Promise.withResolvers<undefined>();
  const loggingIn = startDialling(t, gateway.port, {
    config: { authHandler: () => atLogin.resolve(undefined) },
  });
  await atLogin.promise;
  gateway.server.refuse('the gateway is shutting down');
  await loggingIn.closed;
  await until('its place is free', () => gateway.server.pendingLogins === 0);
  t.same(outcomes, []);
});

t.test('a blocked source is dropped before it is told a byte; with a live session it never is', async (t) => {
  const { gateway, outcomes, penalised, clock, block } = await start(t);
  block();
  t.equal(gateway.server.isBlocked('127.0.0.1'), true);
  const dropped = raw(t, gateway.port);
  dropped.socket.write('SSH-2.0-again\r\n');
  await once(dropped.socket, 'close');
  t.equal(dropped.received(), 0);
  t.same(penalised, ['127.0.0.1']);
  t.same(outcomes, [], 'and that is no further failure');
  clock.ms += 600_000;
  const machine = await dialIn(t, gateway.port);
  block();
  t.equal(gateway.server.isBlocked('127.0.0.1'), false);
  await dialIn(t, gateway.port, { key: machine.key });
  t.equal(penalised.length, 1);
});

t.test('refused connections lead to a block', async (t) => {
  const { gateway, penalised } = await start(t);
  const stranger = makeKey(t);
  gateway.admissions.set(stranger.blob, 'refused');
  for (let count = 0; count < 11; count += 1) {
    const machine = startDialling(t, gateway.port, { key: stranger });
    machine.client.on('error', () => undefined);
    await machine.closed;
  }
  await until('it is blocked', () => gateway.server.isBlocked('127.0.0.1'));
  const next = raw(t, gateway.port);
  await once(next.socket, 'close');
  t.same(penalised, ['127.0.0.1']);
});

t.test('what happens to tunnels is noted', async (t) => {
  const entries: AuditEntry[] = [];
  const { gateway } = await start(t, { audit: { record: (entry) => entries.push(entry) } });
  const machine = await dialIn(t, gateway.port);
  await machine.forward('web', 80);
  await t.rejects(machine.forwardPath('/a/b/c'));
  const newer = await dialIn(t, gateway.port, { key: machine.key });
  await newer.forward('web', 80);
  machine.socket.destroy();
  await until('the end', () => entries.length === 3);
  t.match(
    entries.map(({ action, target, result }) => ({ action, target, result })),
    [
      { action: 'forward.refused', target: 'pr-1', result: 'refused' },
      { action: 'tunnel.takeover', target: 'pr-1', result: 'ok' },
      { action: 'tunnel.end', target: 'pr-1', result: 'ok' },
    ],
  );
});
