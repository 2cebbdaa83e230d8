import fc from 'fast-check';
import t from 'tap';
import { readContainer, readListed } from '../../../client/docker/container.ts';

const id = 'ae9312c1684e45b10c71a8ec45e94d91c128bdf797b152cf3caff18a3f5bb91d';

/** What an engine answers, without what is not read. */
function inspected(
  facts: { config?: object; host?: object; network?: object } = {},
): Record<string, unknown> {
  return {
    Id: id,
    Name: '/shop-web-1',
    Created: '2026-11-22T12:00:55.37615617Z',
    State: { Status: 'running' },
    Config: { Labels: {}, ExposedPorts: { '80/tcp': {}, '53/udp': {} }, ...facts.config },
    HostConfig: { NetworkMode: 'shop_default', ...facts.host },
    NetworkSettings: {
      Ports: { '80/tcp': null },
      Networks: { shop_default: { IPAddress: '172.18.0.2', GlobalIPv6Address: '' } },
      ...facts.network,
    },
  };
}

t.test('a container as an engine describes it', (t) => {
  t.strictSame(readContainer(inspected()), {
    ok: true,
    value: {
      id,
      name: 'shop-web-1',
      createdAtMs: Date.UTC(2026, 10, 22, 12, 0, 55, 376),
      labels: {},
      networkMode: 'shop_default',
      exposed: [80],
      published: [],
      addresses: ['172.18.0.2'],
    },
  });
  const bindings = [
    { HostIp: '0.0.0.0', HostPort: '8080' },
    { HostIp: '::', HostPort: '8080' },
    { HostIp: '', HostPort: '' },
    { HostIp: '', HostPort: '70000' },
  ];
  const published = readContainer(
    inspected({ network: { Ports: { '80/tcp': bindings, '90/udp': bindings } } }),
  );
  t.match(published, {
    value: {
      published: [
        { port: 80, hostIp: '0.0.0.0', hostPort: 8080 },
        { port: 80, hostIp: '::', hostPort: 8080 },
      ],
    },
  });
  const networks = {
    zoo: { IPAddress: '10.0.0.2', GlobalIPv6Address: 'fd00::2' },
    ant: { IPAddress: '10.0.1.2' },
    none: { IPAddress: '', GlobalIPv6Address: null },
  };
  t.match(readContainer(inspected({ network: { Networks: networks } })), {
    value: { addresses: ['10.0.1.2', '10.0.0.2', 'fd00::2'] },
  });
  t.end();
});

t.test('what an engine leaves out is nothing', (t) => {
  const bare = inspected({
    config: { Labels: null, ExposedPorts: undefined },
    host: { NetworkMode: 'host' },
    network: { Ports: {}, Networks: null },
  });
  t.match(readContainer(bare), {
    ok: true,
    value: { labels: {}, exposed: [], published: [], addresses: [] },
  });
  t.strictSame(readListed({ Id: id, Labels: null }), { ok: true, value: { id, labels: {} } });
  t.end();
});

t.test("other programs' labels are left, and ours are bounded", (t) => {
  const Labels = {
    'porthole.port': '80',
    'com.docker.compose.project': 'shop',
    'org.example': 'x'.repeat(100_000),
    'porthole.meta': 'x'.repeat(100_000),
  };
  const read = readContainer(inspected({ config: { Labels } }));
  t.strictSame(read.ok && Object.keys(read.value.labels), [
    'porthole.port',
    'com.docker.compose.project',
    'porthole.meta',
  ]);
  t.ok(read.ok && (read.value.labels['porthole.meta']?.length ?? 0) < 10_000);
  t.end();
});

t.test('an id that would be another path is refused', (t) => {
  for (const Id of ['', '../../info', `${id}/json?x`, 7, null]) t.notOk(readListed({ Id }).ok, String(Id));
  t.end();
});

t.test('nothing that an engine may say throws', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (one, two, three) => {
      t.type(readListed(one).ok, 'boolean');
      t.notOk(readContainer(one).ok);
      readContainer({ ...inspected(), Config: one, HostConfig: two, NetworkSettings: three });
      readContainer(inspected({ config: { Labels: one, ExposedPorts: two }, network: { Ports: three } }));
    }),
  );
  t.end();
});
