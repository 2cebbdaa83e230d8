import t from 'tap';
import { parseWrk, wrkArguments } from '../../bench/wrk.ts';

const output = `Running 1s test @ http://127.0.0.1:21001/small
  1 threads and 64 connections

RESULT {"requests":5000,"durationUs":2000000,"bytes":800000,"errors":{"connect":1,"read":2,"write":3,"status":4,"timeout":5},"latencyUs":{"mean":1500.5,"p50":1200,"p99":9000}}
  5000 requests in 2.00s, 781.25KB read
`;

t.test('reads what wrk.lua prints', async (t) => {
  t.same(parseWrk(output), {
    requests: 5000,
    seconds: 2,
    bytes: 800_000,
    errors: 15,
    meanMs: 1.5005,
    p50Ms: 1.2,
    p99Ms: 9,
  });
});

t.test('finds no result where none was printed', async (t) => {
  t.equal(parseWrk(''), undefined);
  t.equal(parseWrk('unable to connect to 127.0.0.1:1 Connection refused\n'), undefined);
});

t.test('a load becomes a command line', async (t) => {
  const endpoint = { root: 'http://127.0.0.1:8080', headers: { Host: 'bench.localhost' } };
  const args = wrkArguments({ endpoint, path: '/small', connections: 64, seconds: 4 });
  t.equal(args.at(-1), 'http://127.0.0.1:8080/small');
  t.match(args.join(' '), /--threads 1 --connections 64 --duration 4s /);
  t.match(args.join(' '), / --header Host: bench\.localhost /);

  const headers = { Connection: 'close' };
  const upload = wrkArguments({
    endpoint,
    path: '/up',
    connections: 1,
    seconds: 4,
    headers,
    uploadBytes: 100,
  });
  t.same(upload.slice(-3), ['http://127.0.0.1:8080/up', '--', '100'], 'the script gets the size of the body');
  t.match(upload.join(' '), / --header Host: bench\.localhost --header Connection: close /);
});
