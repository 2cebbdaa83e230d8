import fc from 'fast-check';
import t from 'tap';
import { forgetListenFds, listenFdsFor, readListenFds } from '../../../server/handover/listen-fds.ts';

const none = { shared: [], ssh: [], http: [], metrics: [] };
const pid = 42;
const read = (count: string, names?: string, forPid = String(pid)): unknown =>
  readListenFds(
    { LISTEN_FDS: count, LISTEN_PID: forPid, ...(names !== undefined && { LISTEN_FDNAMES: names }) },
    pid,
  );
const passed = (sockets: object): object => ({ kind: 'passed', sockets: { ...none, ...sockets } });

t.test('sockets are told apart by their names; those without are shared', async (t) => {
  t.same(read('1'), passed({ shared: [3] }));
  t.same(read('2', 'portholed.socket'), passed({ shared: [3, 4] }));
  t.same(read('2', 'unknown:'), passed({ shared: [3, 4] }));
  t.same(
    read('5', 'metrics:http:shared:ssh:ssh'),
    passed({ metrics: [3], http: [4], shared: [5], ssh: [6, 7] }),
  );
});

t.test('what was meant for another process counts as nothing', async (t) => {
  t.same(readListenFds({}, pid), { kind: 'none' });
  t.same(read('1', 'shared', '41'), { kind: 'none' });
  t.same(read('1', 'shared', ''), { kind: 'none' });
  t.same(read('0'), { kind: 'none' });
  t.same(readListenFds({ LISTEN_FDS: '1' }, pid), { kind: 'none' });
});

t.test('what makes no sense is told', async (t) => {
  for (const count of ['x', '-1', '1.5', '257', '99999999999'])
    t.match(read(count), { kind: 'wrong', problem: /LISTEN_FDS/ }, count);
  t.match(read('1', 'web'), { kind: 'wrong', problem: /"web" is none of shared, ssh, http, metrics/ });
  t.match(read('2', 'metrics:metrics'), { kind: 'wrong', problem: /only one socket for metrics/ });
});

t.test('a child reads what was written for it', async (t) => {
  const kinds = fc.array(fc.constantFrom('shared', 'ssh', 'http'), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(kinds, (names) => {
      const fds = (name: string): number[] =>
        names.flatMap((each, index) => (each === name ? [100 + index] : []));
      const given = { shared: fds('shared'), ssh: fds('ssh'), http: fds('http'), metrics: [] };
      const { env, descriptors } = listenFdsFor(given);
      const got = readListenFds({ ...env, LISTEN_PID: String(pid) }, pid);
      if (got.kind !== 'passed') throw new Error(got.kind);
      // What was descriptor N of the parent is 3 + its place in the child.
      for (const name of ['shared', 'ssh', 'http'] as const)
        t.same(
          got.sockets[name].map((fd) => descriptors[fd - 3]),
          given[name],
        );
    }),
    { numRuns: 30 },
  );
});

t.test('children of this process do not see them', async (t) => {
  const env = { LISTEN_FDS: '1', LISTEN_PID: '42', LISTEN_FDNAMES: 'x', PATH: '/bin' };
  forgetListenFds(env);
  t.same(env, { PATH: '/bin' });
});
