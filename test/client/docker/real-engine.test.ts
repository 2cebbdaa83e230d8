// What an engine that nobody here wrote really says.
import t from 'tap';
import { parseEngineAddress } from '../../../client/docker/engine-address.ts';
import { openDockerOffers } from '../../../client/docker/docker-offers.ts';
import type { DockerEvent } from '../../../client/report.ts';
import { formatTarget, offerName } from '../../../client/target.ts';
import { DockerEngine, quietPort } from '../../support/docker-engine.ts';
import { until } from '../../support/until.ts';

const project = { 'com.docker.compose.project': 'shop' };

t.test('real containers, by their labels and ports', async (t) => {
  const engine = await DockerEngine.start(t);
  const [web, api, lone] = [await quietPort(), await quietPort(), await quietPort()];
  await engine.run({
    name: 'shop-web-1',
    port: web,
    labels: { ...project, 'com.docker.compose.service': 'web' },
  });
  const address = parseEngineAddress(engine.address, { env: {}, home: '/' });
  if (!address.ok) throw new Error(address.problem);
  const events: DockerEvent[] = [];
  const source = await openDockerOffers({
    address: address.value,
    project: 'shop',
    commonWords: [],
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => source.close());
  const offered = (): string[] =>
    source.offers.map((offer) => `${offerName(offer)} ${formatTarget(offer.target)}`).sort();
  t.same(offered(), [`web 127.0.0.1:${web}`]);
  const second = await engine.run({
    name: 'second',
    port: api,
    labels: {
      ...project,
      'porthole.service': 'api',
      'porthole.port': String(api),
      'porthole.access': 'public',
    },
  });
  await until('the second container', () => source.offers.length === 2);
  t.same(offered(), [`api 127.0.0.1:${api}`, `web 127.0.0.1:${web}`]);
  await engine.run({ name: 'lone', port: lone, labels: { 'porthole.enable': 'true' } });
  await until('the one that says so itself', () => source.offers.length === 3);
  await second.pause();
  await until('a paused one is not offered', () => source.offers.length === 2);
  await second.unpause();
  await until('it goes on', () => source.offers.length === 3);
  await second.kill();
  await until('a dead one is not offered', () => source.offers.length === 2);
  t.same(offered(), [`lone 127.0.0.1:${lone}`, `web 127.0.0.1:${web}`]);
  await engine.killDaemon();
  await until('the loss is told', () =>
    events.some((event) => event.event === 'docker' && event.state === 'lost'),
  );
  t.equal(source.offers.length, 2);
  await engine.startDaemon();
  await until('it is back', () => events.filter((event) => event.event === 'docker').length === 3);
  t.equal(source.offers.length, 2);
  t.same(
    events.filter((event) => event.event === 'container-skipped'),
    [],
  );
});
