import t from 'tap';
import { joinTargets } from '../../../server/handover/join.ts';

const at = (host: string, port: number): { host: string; port: number } => ({ host, port });

t.test('without a predecessor all addresses must be free, and may be joined later', async (t) => {
  t.same(joinTargets([at('0.0.0.0', 8443), at('::', 0)], [], []), [
    { host: '0.0.0.0', port: 8443, sharing: 'first' },
    { host: '::', port: 0, sharing: 'first' },
  ]);
});

t.test('the addresses of the predecessor are joined, and port 0 is what its port 0 came to be', async (t) => {
  const configured = [
    at('127.0.0.1', 0),
    at('127.0.0.1', 0),
    at('::1', 0),
    at('127.0.0.1', 443),
    at('0.0.0.0', 9),
  ];
  const taken = [at('127.0.0.1', 4001), at('127.0.0.1', 4002), at('127.0.0.1', 443)];
  t.same(joinTargets(configured, taken, []), [
    { host: '127.0.0.1', port: 4001, sharing: 'join' },
    { host: '127.0.0.1', port: 4002, sharing: 'join' },
    { host: '::1', port: 0, sharing: 'first' },
    { host: '127.0.0.1', port: 443, sharing: 'join' },
    { host: '0.0.0.0', port: 9, sharing: 'first' },
  ]);
});

t.test('the same port on another address meets the predecessor too', async (t) => {
  t.same(joinTargets([at('0.0.0.0', 443)], [at('127.0.0.1', 443)], []), [
    { host: '0.0.0.0', port: 443, sharing: 'join' },
  ]);
});

t.test('sockets that were passed come instead', async (t) => {
  t.same(joinTargets([at('0.0.0.0', 443)], [at('0.0.0.0', 443)], [3, 5]), [
    { fd: 3, sharing: 'alone' },
    { fd: 5, sharing: 'alone' },
  ]);
});
