import fc from 'fast-check';
import t from 'tap';
import { parseForward } from '../../../core/forward.ts';
import type { Container } from '../../../client/docker/container.ts';
import { offersOf, type OffersOptions } from '../../../client/docker/offers-of.ts';
import { formatTarget, forwardRequest, offerName } from '../../../client/target.ts';

let made = 0;

function container(facts: Partial<Container> = {}): Container {
  made += 1;
  return {
    id: made.toString(16).padStart(64, '0'),
    name: `shop-web-${made}`,
    createdAtMs: made,
    labels: {},
    networkMode: 'shop_default',
    exposed: [3000],
    published: [],
    addresses: ['172.18.0.2'],
    ...facts,
    ...(facts.labels !== undefined && {
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web', ...facts.labels },
    }),
  };
}

const options: OffersOptions = { project: 'shop', engineHost: undefined, commonWords: [] };

/** `name -> target words`, one for each offer, and the reasons of those left out. */
function told(containers: readonly Container[], given: Partial<OffersOptions> = {}): [string[], string[]] {
  const { offers, skipped } = offersOf(containers, { ...options, ...given });
  return [
    offers.map((offer) => [offerName(offer), '->', formatTarget(offer.target), ...offer.words].join(' ')),
    skipped.map((skip) => skip.reason),
  ];
}

const web = { labels: {} };
const published = (port: number, hostPort: number, hostIp = '0.0.0.0') => ({ port, hostPort, hostIp });

t.test('one container', (t) => {
  const cases: [string, Partial<Container>, string[], RegExp?][] = [
    ['its only exposed port', web, ['web -> 172.18.0.2:3000']],
    ['its published port', { ...web, published: [published(3000, 8080)] }, ['web -> 127.0.0.1:8080']],
    [
      'published on both families',
      { ...web, published: [published(3000, 81, '::'), published(3000, 80)] },
      ['web -> 127.0.0.1:80'],
    ],
    ['published on IPv6 only', { ...web, published: [published(3000, 81, '::')] }, ['web -> [::1]:81']],
    [
      'published on one address',
      { ...web, published: [published(3000, 81, '192.168.1.5')] },
      ['web -> 192.168.1.5:81'],
    ],
    [
      'published ports go before those that are only exposed',
      { ...web, exposed: [3000, 9229], published: [published(3000, 8080)] },
      ['web -> 127.0.0.1:8080'],
    ],
    [
      'several ports',
      { ...web, exposed: [8080, 9000] },
      ['web:8080 -> 172.18.0.2:8080', 'web:9000 -> 172.18.0.2:9000'],
    ],
    [
      'the default port has no number in its name',
      { ...web, exposed: [80, 9000] },
      ['web -> 172.18.0.2:80', 'web:9000 -> 172.18.0.2:9000'],
    ],
    ['443 speaks TLS', { ...web, exposed: [443] }, ['web -> 172.18.0.2:443 scheme=https']],
    ['two for one URL', { ...web, exposed: [80, 443] }, ['web -> 172.18.0.2:80'], /porthole\.port/],
    [
      'the port that the label names',
      { labels: { 'porthole.port': '9000' }, exposed: [80, 9000] },
      ['web -> 172.18.0.2:9000'],
    ],
    [
      'the label names a port of the container, not of this machine',
      { labels: { 'porthole.port': '3000' }, published: [published(3000, 8080), published(4000, 8081)] },
      ['web -> 127.0.0.1:8080'],
    ],
    [
      'the label names a port that nobody declared',
      { labels: { 'porthole.port': '9' }, exposed: [] },
      ['web -> 172.18.0.2:9'],
    ],
    ['the host network', { ...web, networkMode: 'host', addresses: [] }, ['web -> 127.0.0.1:3000']],
    ['an IPv6 network', { ...web, addresses: ['fd00::2'] }, ['web -> [fd00::2]:3000']],
    ['no network', { ...web, networkMode: 'none' }, [], /no network/],
    ['no address', { ...web, addresses: [] }, [], /not published/],
    ['no port', { ...web, exposed: [] }, [], /no TCP port/],
    ['a bad port', { labels: { 'porthole.port': '0' } }, [], /porthole\.port/],
    ["a name of one's own", { labels: { 'porthole.service': 'shop' } }, ['shop -> 172.18.0.2:3000']],
    ['a name of digits', { labels: { 'porthole.service': '80' } }, [], /service name/],
    ['an empty name', { labels: { 'porthole.service': ' ' } }, [], /service name/],
    [
      'a name that would end the path',
      { labels: { 'porthole.service': 'a?access=public' } },
      [],
      /service name/,
    ],
    ['a name that is too long', { labels: { 'porthole.service': 'a'.repeat(300) } }, [], /255 bytes/],
    [
      'options',
      { labels: { 'porthole.access': 'public', 'porthole.host': 'keep' } },
      ['web -> 172.18.0.2:3000 access=public host=keep'],
    ],
    ['a bad option', { labels: { 'porthole.access': 'everybody' } }, [], /access/],
    ['a misspelt option', { labels: { 'porthole.acces': 'private' } }, [], /unknown label "porthole\.acces"/],
    [
      'the default service too',
      { labels: { 'porthole.default': 'true' } },
      [' -> 172.18.0.2:3000', 'web -> 172.18.0.2:3000'],
    ],
    [
      'the default service of several ports is that of HTTP',
      { labels: { 'porthole.default': 'true' }, exposed: [79, 80] },
      [' -> 172.18.0.2:80', 'web:79 -> 172.18.0.2:79', 'web -> 172.18.0.2:80'],
    ],
    ['a default that is neither', { labels: { 'porthole.default': 'yes' } }, [], /porthole\.default/],
    ['not wanted', { labels: { 'porthole.enable': 'false' } }, []],
    ['not wanted, or is it', { labels: { 'porthole.enable': 'off' } }, [], /porthole\.enable/],
    ['of another project', { labels: { 'com.docker.compose.project': 'other' } }, []],
    [
      'of another project, and eager',
      { labels: { 'com.docker.compose.project': 'other', 'porthole.enable': 'true' } },
      [],
    ],
  ];
  for (const [name, facts, offers, reason] of cases) {
    const [names, reasons] = told([container(facts)]);
    t.same(names, offers, name);
    t.equal(reasons.length, reason === undefined ? 0 : 1, `${name}: ${reasons.join()}`);
    if (reason !== undefined) t.match(reasons[0], reason, name);
  }
  t.end();
});

t.test('which containers are meant', (t) => {
  const plain = (labels: Record<string, string>): Container => ({ ...container(), labels, name: 'lone' });
  t.same(told([plain({})]), [[], []], 'neither of the project nor eager');
  t.same(
    told([plain({ 'porthole.enable': 'true' })])[0],
    ['lone -> 172.18.0.2:3000'],
    'eager, of no project',
  );
  const none = { project: undefined };
  t.same(told([container(web)], none), [[], []], 'without a project nobody is meant by default');
  t.same(told([container({ labels: { 'porthole.enable': 'TRUE' } })], none)[0], ['web -> 172.18.0.2:3000']);
  t.end();
});

t.test('options of the command line are for those who say nothing else', (t) => {
  const commonWords = ['access=public', 'ttl=2h'];
  t.same(told([container({ labels: { 'porthole.access': 'private' } })], { commonWords })[0], [
    'web -> 172.18.0.2:3000 access=private ttl=2h',
  ]);
  t.same(told([container({ ...web, exposed: [443] })], { commonWords: ['scheme=h2c'] })[0], [
    'web -> 172.18.0.2:443 scheme=h2c',
  ]);
  t.end();
});

t.test('of those who claim one name the oldest has it', (t) => {
  const [first, second, third] = [
    container(web),
    container(web),
    container({ labels: { 'porthole.service': 'WEB' } }),
  ];
  const [offers, reasons] = told([third, second, first]);
  t.same(offers, ['web -> 172.18.0.2:3000']);
  t.equal(reasons.length, 2);
  t.match(reasons[0], first.name);
  t.same(told([third, second])[0], ['web -> 172.18.0.2:3000'], 'the next takes over');
  const errand = container({ labels: { 'com.docker.compose.oneoff': 'True' }, createdAtMs: 0, exposed: [1] });
  t.same(told([errand, second])[0], ['web -> 172.18.0.2:3000'], 'what docker compose run started comes last');
  t.same(told([errand])[0], ['web -> 172.18.0.2:1'], 'and is offered where it is alone');
  const api = container({ labels: { 'porthole.service': 'api', 'porthole.default': 'true' } });
  const other = container({ labels: { 'porthole.service': 'other', 'porthole.default': 'true' } });
  const defaults = told([other, api]);
  t.same(defaults[0], [' -> 172.18.0.2:3000', 'api -> 172.18.0.2:3000', 'other -> 172.18.0.2:3000']);
  t.match(defaults[1], [/default service/]);
  t.end();
});

t.test("a container in another one's network is reached where that is", (t) => {
  const vpn = container({
    labels: { 'porthole.service': 'vpn' },
    published: [published(3000, 8080), published(51, 52)],
  });
  const inside = container({ ...web, networkMode: `container:${vpn.id}`, addresses: [] });
  t.same(told([vpn, inside])[0].at(-1), 'web -> 127.0.0.1:8080');
  t.match(told([inside])[1], [/shares the network/]);
  t.end();
});

t.test('the published ports of an engine elsewhere are there', (t) => {
  const given = { engineHost: '10.0.0.9' };
  t.same(told([container({ ...web, published: [published(3000, 8080)] })], given)[0], [
    'web -> 10.0.0.9:8080',
  ]);
  t.same(told([container({ ...web, networkMode: 'host' })], given)[0], ['web -> 10.0.0.9:3000']);
  t.end();
});

t.test('whatever labels say, each offer is one that a gateway reads as it was meant', (t) => {
  const label = fc.constantFrom(
    'service',
    'port',
    'access',
    'host',
    'scheme',
    'ttl',
    'meta',
    'default',
    'enable',
    'balance',
    'from',
    'x',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('true', 'public', '8080', 'web', '/web', 'a#b=c', 'keep', '2h'),
  );
  const labels = fc
    .array(fc.tuple(label, value), { maxLength: 4 })
    .map((pairs) => Object.fromEntries(pairs.map(([name, text]) => [`porthole.${name}`, text])));
  const containers = fc.array(
    fc.record({ labels, exposed: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 3 }) }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(containers, (facts) => {
      const { offers } = offersOf(facts.map(container), options);
      const names = offers.map((offer) => offerName(offer).toLowerCase());
      t.equal(new Set(names).size, names.length);
      for (const offer of offers) {
        const spec = parseForward(forwardRequest(offer));
        if (!spec.ok) throw new Error(spec.problem);
        t.strictSame(
          [spec.value.service, spec.value.port, spec.value.options],
          [offer.service, offer.port, offer.options],
        );
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});
