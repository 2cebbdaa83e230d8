// `porthole connect --docker` offers what runs, and what runs only, with a real Docker engine.
import t from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { DockerEngine, quietPort } from '../support/docker-engine.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { until } from '../support/until.ts';
import { visit } from '../support/visitor.ts';

const project = { 'com.docker.compose.project': 'shop' };

t.test('containers come and go, and the engine too', async (t) => {
  const engine = await DockerEngine.start(t);
  const { gateway, key } = await startGateway(t, ['--access', 'public', '--hold', '10ms']);
  const user = new FakeSurroundings(t, {
    env: { DOCKER_HOST: engine.address, COMPOSE_PROJECT_NAME: 'shop' },
  });
  const host = (service: string): string =>
    service === '' ? 'pr-1.localhost' : `${service}--pr-1.localhost`;
  const answers = async (service: string, text: string): Promise<void> => {
    let last = '';
    const isRight = async (): Promise<boolean> => {
      const { status, body } = await visit(gateway, host(service), { headers: { accept: 'text/plain' } });
      last = `${status} ${body}`;
      return last === text;
    };
    await until(`${service} answers ${text}`, isRight).catch((error: unknown) => {
      throw new Error(`${String(error)}, last: ${last}`);
    });
  };
  const serves = (service: string, name: string): Promise<void> => answers(service, `200 ${name}\n`);
  const isGone = (service: string): Promise<void> =>
    until(`${service} is gone`, async () => (await visit(gateway, host(service))).status === 404);

  const web = { ...project, 'com.docker.compose.service': 'web' };
  const first = await engine.run({ name: 'shop-web-1', labels: web, port: await quietPort() });
  const flags = ['--server', `https://localhost:${gateway.port}`, '--ca', gateway.caFile, '-i', key.path];
  const running = user.run('connect', 'pr-1', '--docker', '--json', ...flags);
  await user.event('forward');
  await serves('web', 'shop-web-1');

  const labels = { ...project, 'porthole.service': 'api', 'porthole.default': 'true' };
  const api = await engine.run({ name: 'shop-api-1', labels, port: await quietPort() });
  await serves('api', 'shop-api-1');
  await serves('', 'shop-api-1');

  const admin = { ...project, 'com.docker.compose.service': 'admin' };
  const [one, two] = [await quietPort(), await quietPort()];
  await engine.run({ name: 'shop-admin-1', labels: admin, port: one, exposed: [one, two] });
  await serves(`admin--${one}`, 'shop-admin-1');
  t.equal((await visit(gateway, host(`admin--${two}`))).status, 502, 'the other port, where nothing listens');

  await engine.run({ name: 'shop-web-2', labels: web, port: await quietPort() });
  const skipped = await user.event('container-skipped');
  t.match(skipped, { container: 'shop-web-2', reason: /shop-web-1/ });
  await engine.run({
    name: 'hidden',
    labels: { ...project, 'porthole.enable': 'false' },
    port: await quietPort(),
  });
  await engine.run({
    name: 'stranger',
    labels: { 'com.docker.compose.project': 'other' },
    port: await quietPort(),
  });
  await engine.run({
    name: 'wrong',
    labels: { ...project, 'porthole.access': 'all' },
    port: await quietPort(),
  });
  await user.event('container-skipped', 2);
  t.match(user.events('container-skipped')[1], { container: 'wrong', reason: /access/ });
  await serves('web', 'shop-web-1');

  await first.remove({ force: true });
  await serves('web', 'shop-web-2');
  await api.stop({ t: 0 });
  await isGone('api');
  await isGone('');
  await api.start();
  await serves('api', 'shop-api-1');

  await engine.killDaemon();
  await until('the loss is told', () => user.events('docker').some(({ state }) => state === 'lost'));
  await serves('web', 'shop-web-2');
  await engine.startDaemon();
  await until('the engine is back', () => user.events('docker').length === 3);
  await engine.run({ name: 'late', labels: { 'porthole.enable': 'true' }, port: await quietPort() });
  await serves('late', 'late');
  await serves('web', 'shop-web-2');

  t.same(user.events('disconnected'), [], 'on one connection');
  t.same(
    gateway.lines.filter((line) => line.msg === 'forward gone' && line['service'] === 'admin'),
    [],
    'what stays is not touched',
  );
  user.signal();
  t.equal(await running, 0);
});
