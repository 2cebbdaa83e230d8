import t from 'tap';
import {
  isAsPinned,
  isOther,
  judgeClaim,
  type Claim,
  type Shown,
} from '../../../server/targets/report-rules.ts';
import { someTarget } from '../../support/memory-book.ts';

const target = someTarget({ hostKeys: ['ed', 'rsa'], machineKey: 'm1' });
const claim: Claim = { hostKeys: ['ed', 'rsa'], machineKey: 'm1', env: 'pr-42', owner: 'ana' };
const changed: Shown = { hostKeys: ['new'], machineKey: 'm1' };
const same: Shown = { hostKeys: ['ed'], machineKey: 'm1' };
const thief: Shown = { hostKeys: ['thief'], machineKey: 'm2' };

t.test('what to make of a machine that says it is a known target', (t) => {
  const cases: readonly (readonly [string, Partial<Claim>, readonly Shown[], string])[] = [
    ['as it was', {}, [], 'known'],
    ['as it was, twice', {}, [same], 'known'],
    ['some of its keys', { hostKeys: ['rsa'] }, [], 'known'],
    ['somebody else`s', { owner: 'bob' }, [], 'refused'],
    ['somebody else`s, who shows what is not pinned', { ...thief, owner: 'bob' }, [same], 'refused'],
    ['elsewhere', { env: 'pr-7' }, [], 'moved'],
    ['elsewhere, and here too', { env: 'pr-7' }, [same], 'conflict'],
    ['elsewhere, while a thief is here', { env: 'pr-7' }, [thief], 'moved'],
    ['another host key', changed, [], 'unconfirmed'],
    ['another host key, elsewhere', { ...changed, env: 'pr-7' }, [], 'unconfirmed'],
    ['another host key, elsewhere, and here too', { ...changed, env: 'pr-7' }, [same], 'conflict'],
    ['another host key, while it is here', changed, [same], 'conflict'],
    ['another host key, over two tunnels', changed, [changed], 'unconfirmed'],
    ['one key more, while it is here', { hostKeys: ['ed', 'new'] }, [same], 'unconfirmed'],
    ['another key of its own', { machineKey: 'm2' }, [], 'unconfirmed'],
    ['another key of its own, while it is here', { machineKey: 'm2' }, [same], 'unconfirmed'],
    ['back, while a thief is here', {}, [thief], 'known'],
    ['a thief, while it is here', thief, [same], 'conflict'],
  ];
  for (const [what, overrides, others, kind] of cases)
    t.equal(judgeClaim({ ...claim, ...overrides }, { target, others }).kind, kind, what);
  t.end();
});

t.test('what is pinned, and who is another', (t) => {
  const { machineKey, ...byHand } = target;
  t.ok(machineKey);
  t.equal(isAsPinned({ hostKeys: ['ed'], machineKey: 'any' }, byHand), true);
  t.equal(isAsPinned({ hostKeys: ['ed', 'new'], machineKey: 'm1' }, target), false);
  t.equal(isOther(same, { hostKeys: ['ed', 'new'], machineKey: 'm2' }), false);
  t.equal(isOther(same, thief), true);
  t.end();
});
