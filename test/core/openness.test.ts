import t from 'tap';
import { accesses, isWider, narrower } from '../../core/openness.ts';

t.test('private, then team, then public', async (t) => {
  t.same(accesses, ['private', 'team', 'public']);
  for (const [index, access] of accesses.entries())
    for (const [other, narrow] of accesses.entries()) {
      t.equal(isWider(access, narrow), index > other, `${access} and ${narrow}`);
      t.equal(narrower(access, narrow), accesses[Math.min(index, other)]);
    }
});
