import { once } from 'node:events';
import t from 'tap';
import type { ClientChannel } from 'ssh2';
import type { Jump } from '../../../server/targets/jump.ts';
import { dialIn, type Machine } from '../../support/machine.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { until } from '../../support/until.ts';

/** What ssh2's client says of a channel that is refused. */
interface Refused extends Error {
  readonly reason: number;
}

/** `ssh -W` says that it comes from 127.0.0.1:65535; `ssh -L` says where the program is that uses it. */
function ask(client: Machine, from: [string, number] = ['127.0.0.1', 65_535]): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.client.forwardOut(...from, 'pr-1', 22, (error, channel) => {
      if (error) reject(error);
      else resolve(channel.on('error', () => undefined));
    });
  });
}

function gateway(t: Parameters<typeof startSshGateway>[0]) {
  const jumps: Jump[] = [];
  return startSshGateway(t, { jumps: { open: (jump) => void jumps.push(jump) } }).then((started) => ({
    ...started,
    next: async (): Promise<Jump> => {
      await until('somebody asks', () => jumps.length > 0);
      return jumps.shift() as Jump;
    },
  }));
}

t.test('who asks for what, and a channel with half-close when it is accepted', async (t) => {
  const { port, next } = await gateway(t);
  const client = await dialIn(t, port, { user: 'Ana' });
  const asked = ask(client);
  const jump = await next();
  t.match(jump, { host: 'pr-1', port: 22, user: 'Ana', origin: { address: '127.0.0.1' } });
  t.equal(jump.origin.port, client.socket.localPort ?? 0);
  const caller = jump.caller();
  t.ok(caller.ok && caller.value.identity.fingerprint === jump.fingerprint);
  const near = jump.accept();
  const channel = await asked;
  channel.end('question');
  near?.on('data', (data: Buffer) => void near.end(`${data.toString()} answered`));
  const [answer] = (await once(channel, 'data')) as [Buffer];
  t.equal(String(answer), 'question answered');
});

t.test('the reason of a refusal, with its code', async (t) => {
  const { port, next } = await gateway(t);
  const asked = ask(await dialIn(t, port)).catch((error: unknown) => error as Refused);
  (await next()).refuse({ code: 'ERR_TARGET_OFFLINE', reason: 'pr-1 is offline' });
  const { reason, message } = (await asked) as Refused;
  t.equal(reason, 1);
  t.match(message, /pr-1 is offline \(ERR_TARGET_OFFLINE\)/);
});

t.test('who has left does not wait for an answer', async (t) => {
  const { port, next } = await gateway(t);
  const client = await dialIn(t, port);
  void ask(client).catch(() => undefined);
  const jump = await next();
  client.socket.destroy();
  await until('it is known', () => jump.abandoned.aborted);
  t.equal(jump.accept(), undefined);
});

t.test('a connection that is there for this channel only ends with the reason', async (t) => {
  const { port, next } = await gateway(t);
  const client = await dialIn(t, port);
  const said: string[] = [];
  client.protocol._handlers['DISCONNECT'] = (_protocol: never, _code: never, text: never) => said.push(text);
  const asked = ask(client);
  const jump = await next();
  jump.accept();
  await asked;
  jump.tell('the shift is over');
  await client.closed;
  t.same(said, ['the shift is over']);
});

t.test('one that carries more stays', async (t) => {
  const { port, next } = await gateway(t);
  for (const from of [
    ['127.0.0.1', 65_535],
    ['192.0.2.1', 4000],
  ] as [string, number][]) {
    const client = await dialIn(t, port);
    const asked = ask(client, from);
    const jump = await next();
    jump.accept();
    await asked;
    const isOnly = from[1] === 4000;
    const more = isOnly ? undefined : ask(client);
    if (more !== undefined) (await next()).accept();
    await more;
    jump.tell('the shift is over');
    t.match(await client.run('help'), { code: 0 });
  }
});

t.test(
  'nobody is led through where there is no gate, and a gate that fails ends no connection',
  async (t) => {
    const without = await startSshGateway(t);
    const refused = await ask(await dialIn(t, without.port)).catch((error: unknown) => error as Refused);
    t.match(refused, { reason: 1, message: /ERR_GATE_REFUSED/ });
    const broken = await startSshGateway(t, {
      jumps: {
        open: () => {
          throw new Error('a defect');
        },
      },
    });
    const client = await dialIn(t, broken.port);
    t.match(await ask(client).catch((error: unknown) => error), { message: /ERR_INTERNAL/ });
    t.match(await client.run('help'), { code: 0 });
    t.match(broken.logLines.at(-1), { level: 'error' });
  },
);
