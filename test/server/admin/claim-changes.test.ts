import t from 'tap';
import {
  ClaimChanges,
  type ClaimChangesOptions,
  type DecidedChange,
} from '../../../server/admin/claim-changes.ts';

function make(overrides: Partial<ClaimChangesOptions> = {}): { changes: ClaimChanges; done: string[] } {
  const done: string[] = [];
  const changes = new ClaimChanges({
    environments: {
      release: (env, owner) => done.push(`release ${env} of ${owner}`) > 0,
      transfer: (env, owner, to) => done.push(`${env} from ${owner} to ${to}`) > 0,
    },
    memory: {
      change: ({ kind }) => Promise.resolve(void done.push(`written: ${kind}`)),
      flush: () => Promise.resolve(void done.push('flushed')),
    },
    tunnelsOf: (env) => {
      done.push(`tunnels of ${env}`);
      return [{ end: (reason) => done.push(`cut ${env}: ${reason}`) }];
    },
    ...overrides,
  });
  return { changes, done };
}

const audit = { at: 1, action: 'env.release', result: 'ok' } as const;
const release: DecidedChange = { owner: 'me', change: { kind: 'release', env: 'pr-1' }, audit };
const transfer: DecidedChange = {
  owner: 'me',
  change: { kind: 'transfer', env: 'pr-1', to: 'you', at: 1 },
  audit,
};

t.test('written, then done, then those are cut that were there before', async (t) => {
  const { changes, done } = make();
  t.equal(await changes.inTurn((commit) => commit(release)), 'done');
  t.equal(await changes.inTurn((commit) => commit(transfer)), 'done');
  t.match(done, [
    'written: release',
    'tunnels of pr-1',
    'release pr-1 of me',
    'flushed',
    /^cut pr-1: .*released/,
    'written: transfer',
    'tunnels of pr-1',
    'pr-1 from me to you',
    'flushed',
    /^cut pr-1: .*somebody else/,
  ]);
});

t.test('what changed hands meanwhile is left alone, and its tunnels too', async (t) => {
  const { changes, done } = make({ environments: { release: () => false, transfer: () => false } });
  t.equal(await changes.inTurn((commit) => commit(release)), 'overtaken');
  t.same(done, ['written: release', 'tunnels of pr-1', 'flushed']);
});

t.test('what cannot be written is not done, and the next one gets its turn', async (t) => {
  const { changes, done } = make({
    memory: { change: () => Promise.reject(new Error('full')), flush: () => Promise.resolve() },
  });
  await t.rejects(
    changes.inTurn((commit) => commit(release)),
    /full/,
  );
  t.same(done, []);
  t.equal(await changes.inTurn(() => Promise.resolve('next')), 'next');
});

t.test('one after the other', async (t) => {
  const { changes } = make();
  const order: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const both = [
    changes.inTurn(async () => {
      await first.promise;
      order.push('first');
    }),
    changes.inTurn(() => Promise.resolve(order.push('second'))),
  ];
  first.resolve(undefined);
  await Promise.all(both);
  t.same(order, ['first', 'second']);
});
