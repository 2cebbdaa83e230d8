import t from 'tap';
import { freeTargetName, nameProblem } from '../../../server/admin/target-naming.ts';
import { gateSetting } from '../../support/gate-setting.ts';
import { someTarget, targetId } from '../../support/memory-book.ts';

const { services } = gateSetting({
  targets: [someTarget(), someTarget({ id: targetId(7), name: 'pr-42-2' })],
  environments: { 'pr-42': 'ana', 'pr-7': 'ben' },
});

t.test('a name that another machine has, or somebody else’s environment', (t) => {
  const by = undefined;
  const problem = (name: string, id?: string): string | undefined =>
    nameProblem(services, { name, owner: 'ana', by, ...(id !== undefined && { id }) });
  t.equal(problem('shop'), undefined);
  t.equal(problem('pr-42'), 'the name pr-42 is taken');
  t.equal(problem('pr-42', targetId(42)), undefined, 'it is its own');
  t.equal(problem('pr-7'), 'the name pr-7 is taken', 'the machine of somebody else would be reached by it');
  t.equal(nameProblem(services, { name: 'pr-7', owner: 'ben', by }), undefined);
  t.match(problem('localhost'), /reserved/);
  t.match(problem('127'), /address/);
  t.end();
});

t.test('the first name that is free', (t) => {
  t.equal(freeTargetName(services, 'main'), 'main');
  t.equal(freeTargetName(services, 'pr-42'), 'pr-42-3');
  const long = 'a'.repeat(40);
  const taken = gateSetting({ targets: [someTarget({ name: long })] });
  t.equal(freeTargetName(taken.services, long), `${'a'.repeat(38)}-2`);
  t.end();
});
