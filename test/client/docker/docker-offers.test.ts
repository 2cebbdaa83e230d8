import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type DockerOffersOptions, openDockerOffers } from '../../../client/docker/docker-offers.ts';
import type { OfferSource } from '../../../client/offer-source.ts';
import type { DockerEvent } from '../../../client/report.ts';
import { offerName } from '../../../client/target.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An engine that is made to say anything. */
class FakeEngine {
  readonly containers = new Map<string, { service: string; port: string; created: string }>();
  readonly listeners = new Set<ServerResponse>();
  readonly #path: string;
  /** Instead of the right answer. */
  answer: Answer | undefined;
  lists = 0;
  #server = createServer();

  constructor(path: string) {
    this.#path = path;
  }

  async listen(): Promise<void> {
    rmSync(this.#path, { force: true });
    this.#server = createServer((request, response) => {
      response.on('error', () => undefined);
      (this.answer ?? this.#answer)(request, response);
    });
    this.#server.listen(this.#path);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.listeners.clear();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Says that something happened, in a piece of a line: nobody should care. */
  happen(): void {
    for (const listener of this.listeners) listener.write('{"status":"sta');
  }

  readonly #answer: Answer = ({ url = '' }, response) => {
    if (url.startsWith('/events')) {
      response.flushHeaders();
      this.listeners.add(response);
    } else if (url.startsWith('/containers/json')) {
      this.lists += 1;
      const Labels = { 'com.docker.compose.project': 'shop' };
      response.end(JSON.stringify([...this.containers.keys()].map((Id) => ({ Id, Labels }))));
    } else {
      this.#describe(/^\/containers\/(\w+)\/json/.exec(url)?.[1] ?? '', response);
    }
  };

  #describe(id: string, response: ServerResponse): void {
    const container = this.containers.get(id);
    if (container === undefined) {
      response.writeHead(404).end('{"message":"No such container"}');
      return;
    }
    const { service, port, created } = container;
    const description = {
      Id: id,
      Name: `/shop-${service}-${id.slice(0, 2)}`,
      Created: created,
      Config: {
        Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service },
        ExposedPorts: { [`${port}/tcp`]: {} },
      },
      HostConfig: { NetworkMode: 'host' },
      NetworkSettings: {},
    };
    response.end(JSON.stringify(description));
  }
}

const timings = { answerMs: 5000, settleMs: 5, relistMs: 60_000, backoff: { initialMs: 5, maxMs: 20 } };

interface World {
  readonly engine: FakeEngine;
  readonly events: DockerEvent[];
  readonly open: (options?: Partial<DockerOffersOptions>) => Promise<OfferSource>;
}

async function world(t: Test): Promise<World> {
  const path = join(scratchDir(t), 'docker.sock');
  const engine = new FakeEngine(path);
  const events: DockerEvent[] = [];
  await engine.listen();
  t.teardown(() => engine.stop());
  const open = async (options: Partial<DockerOffersOptions> = {}): Promise<OfferSource> => {
    const source = await openDockerOffers({
      address: { kind: 'socket', paths: [path] },
      project: 'shop',
      commonWords: [],
      onEvent: (event) => events.push(event),
      timings,
      ...options,
    });
    t.teardown(() => source.close());
    return source;
  };
  return { engine, events, open };
}

function container(
  service: string,
  created: number,
  port = 3000,
): { service: string; port: string; created: string } {
  return { service, port: String(port), created: new Date(created * 1000).toISOString() };
}

const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const names = (source: OfferSource): string[] => source.offers.map((offer) => offerName(offer));

t.test('containers come and go, and the others do not notice', async (t) => {
  const { engine, events, open } = await world(t);
  engine.containers.set(ids[0], container('web', 1));
  const source = await open();
  t.same(names(source), ['web']);
  t.same(events, [{ event: 'docker', state: 'watching' }]);
  const [web] = source.offers;
  let changes = 0;
  const stop = source.onChange(() => (changes += 1));
  engine.containers.set(ids[1], container('api', 2));
  engine.happen();
  engine.happen();
  await until('the new service', () => source.offers.length === 2);
  t.equal(source.offers[0], web, 'the same object');
  t.equal(changes, 1);
  engine.containers.delete(ids[0]);
  engine.happen();
  await until('the old service has gone', () => source.offers.length === 1);
  t.same(names(source), ['api']);
  t.equal(changes, 2);
  const seen = engine.lists;
  engine.happen();
  await until('another look', () => engine.lists > seen);
  stop();
  t.equal(changes, 2, 'nothing new is no change');
});

t.test('of two with one name the older serves, and the younger takes over', async (t) => {
  const { engine, events, open } = await world(t);
  engine.containers.set(ids[0], container('web', 2, 2000));
  engine.containers.set(ids[1], container('web', 1, 1000));
  const source = await open();
  t.match(source.offers, [{ target: { port: 1000 } }]);
  const skipped = events.filter((event) => event.event === 'container-skipped');
  t.match(skipped, [{ container: 'shop-web-aa', reason: /shop-web-bb/ }]);
  engine.containers.delete(ids[1]);
  engine.happen();
  await until('the younger serves', () => JSON.stringify(source.offers).includes('2000'));
  t.equal(events.filter((event) => event.event === 'container-skipped').length, 1, 'told once');
});

t.test('an engine that goes away leaves what stands, and is found again', async (t) => {
  const { engine, events, open } = await world(t);
  engine.containers.set(ids[0], container('web', 1));
  const source = await open();
  const [web] = source.offers;
  await engine.stop();
  await until('the loss is told', () => events.length === 2);
  t.match(events[1], { event: 'docker', state: 'lost', reason: /docker\.sock/ });
  t.same(source.offers, [web]);
  engine.containers.set(ids[1], container('api', 2));
  await engine.listen();
  await until('the engine is back', () => source.offers.length === 2);
  t.equal(source.offers[0], web);
  t.same(events[2], { event: 'docker', state: 'watching' });
  t.equal(events.length, 3);
});

t.test('an engine that is not there yet is waited for', async (t) => {
  const { engine, events, open } = await world(t);
  await engine.stop();
  engine.containers.set(ids[0], container('web', 1));
  const source = await open();
  t.same(source.offers, []);
  t.match(events, [{ state: 'lost' }]);
  await engine.listen();
  await until('it is found', () => source.offers.length === 1);
});

t.test('a container that is gone before it was looked at is none', async (t) => {
  const { engine, events, open } = await world(t);
  engine.containers.set(ids[0], container('web', 1));
  engine.answer = (request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/containers/json')) {
      response.end(JSON.stringify([{ Id: ids[2], Labels: { 'porthole.enable': 'true' } }, { Id: 'x' }, 7]));
    } else if (url.startsWith('/events')) response.flushHeaders();
    else response.writeHead(404).end('{}');
  };
  const source = await open();
  t.same(source.offers, []);
  const reasons = events.filter((event) => event.event === 'container-skipped');
  t.ok(reasons.length > 0, 'what is no container is told');
});

const strange: [string, Answer][] = [
  ['no JSON', (_request, response) => response.end('<html>')],
  ['no list', (_request, response) => response.end('{}')],
  ['an error', (_request, response) => response.writeHead(500).end('{"message":"broken"}')],
  ['a cut', (_request, response) => response.destroy()],
  [
    'half an answer',
    (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('['),
  ],
  ['nothing', () => undefined],
  ['too much', (_request, response) => flood(response)],
];

/** More than anybody would keep, as fast as it is taken. */
function flood(response: ServerResponse): void {
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const more = (): void => {
    if (response.writable) response.write(piece, () => more());
  };
  more();
}

for (const [what, answer] of strange) {
  t.test(`an engine that answers with ${what} is a lost one, until it is not`, async (t) => {
    const { engine, events, open } = await world(t);
    engine.containers.set(ids[0], container('web', 1));
    engine.answer = (request, response) => {
      if (request.url?.startsWith('/events') === true && what !== 'nothing') response.flushHeaders();
      else answer(request, response);
    };
    const answerMs = what === 'too much' ? 20_000 : 50;
    const source = await open({ timings: { ...timings, answerMs } });
    t.match(events, [{ event: 'docker', state: 'lost' }]);
    engine.answer = undefined;
    await until('it is back', () => source.offers.length === 1);
    t.equal(events.length, 2, 'told once each');
  });
}

t.test('an engine that is stuck is found out without an event', async (t) => {
  const { engine, events, open } = await world(t);
  engine.containers.set(ids[0], container('web', 1));
  const source = await open({ timings: { ...timings, answerMs: 50, relistMs: 20 } });
  engine.answer = () => undefined;
  await until('the loss is told', () => events.at(-1)?.event === 'docker' && events.length === 2);
  t.match(events[1], { state: 'lost', reason: /in time/ });
  t.equal(source.offers.length, 1);
});

t.test('closed, it asks no more and tells nothing', async (t) => {
  const { engine, events, open } = await world(t);
  const source = await open();
  let changes = 0;
  source.onChange(() => (changes += 1));
  const [listener] = engine.listeners;
  const closed = once(listener as ServerResponse, 'close');
  source.close();
  source.close();
  await closed;
  await engine.stop();
  t.equal(changes, 0);
  t.equal(events.length, 1);
  await engine.listen();
});
