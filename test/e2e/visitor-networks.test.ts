import t from 'tap';
import { curl, type CurlAnswer } from '../support/curl.ts';
import { startGateway, type GatewayWithKey } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import { offer, stockSsh } from '../support/stock-ssh.ts';

const inside = '127.0.7.1';
const outside = '127.0.8.1';
const app = await startApp(t, 'app');
const target = `127.0.0.1:${String(app.port)}`;
const limited = await startGateway(t, ['--hold', '0s']);

function ask(
  { gateway }: GatewayWithKey,
  label: string,
  from: string,
  ...args: string[]
): Promise<CurlAnswer> {
  const url = `https://${label}.localhost:${String(gateway.port)}/`;
  return curl(t, gateway, ['--interface', from, ...args, url]);
}

/** Without what is of this one answer only. */
function comparable({ status, heads, body }: CurlAnswer, label: string): unknown {
  const [, id = 'none'] = /^porthole-error-id: (\S+)$/im.exec(heads) ?? [];
  const plain = (text: string): string =>
    text
      .replaceAll(id, 'ID')
      .replaceAll(label, 'LABEL')
      .replace(/(state=)[\w-]+/g, '$1STATE');
  return { status, heads: plain(heads).replace(/^date: .*$/im, ''), body: plain(body) };
}

const env = 'pr-1';
const session = await offer(t, limited, {
  env,
  args: [
    ...['-R', `/web?access=public&from=127.0.7.0/24,2001\\:db8\\:\\:/32:${target}`],
    ...['-R', `/open?access=public:${target}`],
    ...['-R', `/shut?from=127.0.7.0/24:${target}`],
  ],
});

t.test('a service is there for its networks only; for others it is not, also in public', async (t) => {
  t.match(await ask(limited, 'web--pr-1', inside), { status: 200, body: 'app\n' });
  t.match(await ask(limited, 'open--pr-1', outside), { status: 200 });
  const making = stockSsh(t, limited, { env, command: ['token', 'create', env] });
  await making.exit;
  const token = making.stdout.trim();
  const ways: [string, string[], number][] = [
    ['a page', ['--header', 'Accept: text/html'], 303],
    ['a program', ['--header', 'Accept: */*'], 401],
    ['a program with a token of the environment', ['--header', `Porthole-Token: ${token}`], 401],
  ];
  for (const [way, args, status] of ways) {
    for (const service of ['web', 'shut']) {
      const label = `${service}--pr-1`;
      const other = `${service}--pr-9`;
      const answer = await ask(limited, label, outside, ...args);
      t.equal(answer.status, status, `${label}: ${way}`);
      const nowhere = await ask(limited, other, outside, ...args);
      t.same(
        comparable(answer, label),
        comparable(nowhere, other),
        `${label} is as if it were not there: ${way}`,
      );
    }
  }
  t.match(await ask(limited, 'shut--pr-1', inside, '--header', `Porthole-Token: ${token}`), { status: 200 });
  t.match(await ask(limited, 'shut--pr-1', inside), { status: 401 }, 'within, it asks for a login as ever');
});

t.test('the connection and status tell it', async (t) => {
  await session.said(/web--pr-1\.localhost\S* {2}\(only from 127\.0\.7\.0\/24,2001:db8::\/32\)/);
  const status = stockSsh(t, limited, { env, command: ['status'] });
  await status.exit;
  const [environment] = (JSON.parse(status.stdout) as { environments: { services: unknown[] }[] })
    .environments;
  t.match(environment?.services, [
    { service: 'web', access: 'public', from: '127.0.7.0/24,2001:db8::/32' },
    { service: 'open', access: 'public' },
    { service: 'shut', access: 'private', from: '127.0.7.0/24' },
  ]);
});

t.test('what is no network refuses the forward', async (t) => {
  const refused = stockSsh(t, limited, { env: 'pr-2', args: ['-R', `/web?from=example.com:${target}`] });
  await refused.said(/option from: "example\.com" is not an IP address/);
});

t.test('gateway-wide', async (t) => {
  const gateway = await startGateway(t, ['--access', 'public', '--visitor-networks', '127.0.7.0/24']);
  await offer(t, gateway, { env: 'pr-1', args: ['-R', `80:${target}`] });
  t.match(await ask(gateway, 'pr-1', inside), { status: 200 });
  const answer = await ask(gateway, 'pr-1', outside);
  t.match(answer, { status: 404 });
  t.same(comparable(answer, 'pr-1'), comparable(await ask(gateway, 'pr-9', outside), 'pr-9'));
});
