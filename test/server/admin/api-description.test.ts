import t from 'tap';
import { commandNames } from '../../../core/commands.ts';
import { apiDescription, apiPathOf } from '../../../server/admin/api-description.ts';

t.test('every command is described as it is asked for', (t) => {
  const described = apiDescription();
  t.same(
    described.map(({ name }) => name),
    commandNames,
  );
  t.match(
    described.find(({ name }) => name === 'share list'),
    {
      path: '/_porthole/api/share/list',
      methods: ['GET', 'POST'],
      who: 'anyone',
      members: [
        { name: 'env', type: 'string', required: false, about: /environment/ },
        { name: 'all', type: 'boolean', required: false },
      ],
    },
  );
  t.equal(apiPathOf({ name: 'target profile list' }), '/_porthole/api/target/profile/list');
  t.end();
});
