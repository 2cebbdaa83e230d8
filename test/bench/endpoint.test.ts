import t from 'tap';
import { endpointOf } from '../../bench/endpoint.ts';

const cases: readonly [url: string, root: string, host: string][] = [
  ['http://gateway.example:8080/path', 'http://gateway.example:8080', 'gateway.example:8080'],
  ['https://gateway.example', 'https://gateway.example', 'gateway.example'],
  ['http://bench.localhost:8080', 'http://127.0.0.1:8080', 'bench.localhost:8080'],
  ['https://bench.localhost:8443/', 'https://localhost:8443', 'bench.localhost:8443'],
  ['http://bench.localhost', 'http://127.0.0.1:80', 'bench.localhost'],
  ['https://bench.localhost', 'https://localhost:443', 'bench.localhost'],
];

for (const [url, root, host] of cases) {
  t.test(url, async (t) => {
    t.same(endpointOf(new URL(url)), { root, headers: { Host: host } });
  });
}
