import t, { type Test } from 'tap';
import type { SshProtocol } from '../../../core/ssh2-protocol.ts';
import { GlobalRequests } from '../../../server/tunnel/global-requests.ts';
import type { Tunnel } from '../../../server/tunnel/tunnel.ts';
import { dialIn, type Machine } from '../../support/machine.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { until } from '../../support/until.ts';

interface Answers {
  requestSuccess(): void;
  requestFailure(): void;
}

interface Setting {
  readonly tunnel: Tunnel;
  readonly machine: Machine;
  readonly asked: { readonly name: string; readonly wantReply: boolean; readonly data: unknown }[];
}

/** A machine that answers global requests as it is told to. */
async function setUp(t: Test, answer: (answers: Answers, name: string) => void): Promise<Setting> {
  const gateway = await startSshGateway(t);
  const machine = await dialIn(t, gateway.port);
  const tunnel = await gateway.tunnel();
  await until('the ping after the login', () => tunnel.roundTripMs !== undefined);
  const asked: Setting['asked'] = [];
  Object.assign(machine.protocol._handlers, {
    GLOBAL_REQUEST: (answers: Answers, name: string, wantReply: boolean, data: unknown) => {
      asked.push({ name, wantReply, data });
      answer(answers, name);
    },
  });
  return { tunnel, machine, asked };
}

t.test('a client that says yes to the drain moves', async (t) => {
  const { tunnel, asked } = await setUp(t, (answers) => answers.requestSuccess());
  t.equal(tunnel.draining, false);
  t.equal(await tunnel.drain(30_000), 'moving');
  t.equal(tunnel.draining, true);
  t.equal(await tunnel.drain(1), 'moving', 'it is asked once');
  t.same(asked, [{ name: 'drain@porthole', wantReply: true, data: Buffer.from([0, 0, 0x75, 0x30]) }]);
});

t.test('one that does not know it stays', async (t) => {
  const { tunnel } = await setUp(t, (answers) => answers.requestFailure());
  t.equal(await tunnel.drain(2 ** 40), 'staying');
  t.equal(tunnel.live, true);
});

t.test('one that gives no answer stays too', async (t) => {
  const { tunnel } = await setUp(t, () => undefined);
  t.equal(await tunnel.drain(1), 'staying');
});

t.test('one that leaves instead is gone', async (t) => {
  const { tunnel, machine } = await setUp(t, () => undefined);
  const answer = tunnel.drain(1);
  machine.socket.destroy();
  t.equal(await answer, 'gone');
  t.equal(await tunnel.drain(1), 'gone');
});

t.test('answers are told apart by their order', async (t) => {
  const waiting: (() => void)[] = [];
  const { tunnel } = await setUp(t, (answers, name) => {
    waiting.push(name === 'drain@porthole' ? () => answers.requestSuccess() : () => answers.requestFailure());
  });
  tunnel.ping();
  const answer = tunnel.drain(1);
  tunnel.ping();
  await until('three requests', () => waiting.length === 3);
  for (const give of waiting) give();
  t.equal(await answer, 'moving');
});

t.test('a request in the middle of a key exchange waits for its end', async (t) => {
  const sent: string[] = [];
  const protocol = {
    _handlers: {},
    _kexinit: Buffer.alloc(1) as Buffer | undefined,
    _queue: undefined as Buffer[] | undefined,
    _packetRW: { write: { allocStart: 0, alloc: (size: number) => Buffer.alloc(size), finalize: String } },
    _cipher: { encrypt: (packet: string) => void sent.push(packet) },
  };
  const requests = new GlobalRequests(protocol as unknown as SshProtocol);
  requests.drain(1, () => undefined);
  t.same(sent, []);
  t.match(protocol._queue, [/drain@porthole/], 'where ssh2 keeps what comes after the exchange');
  protocol._kexinit = undefined;
  requests.drain(1, () => undefined);
  t.match(sent, [/drain@porthole/]);
});

t.test('a peer that answers nothing is not kept in memory for ever', async (t) => {
  const { tunnel, asked } = await setUp(t, () => undefined);
  for (let i = 0; i < 200; i += 1) tunnel.ping();
  await until('pings', () => asked.length === 200);
  t.equal(tunnel.live, true);
});
