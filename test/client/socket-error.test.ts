import t from 'tap';
import { describeSocketError } from '../../client/socket-error.ts';

t.test('says what was dialled, also after several addresses', async (t) => {
  const refused = new Error('connect ECONNREFUSED ::1:3000');
  t.equal(describeSocketError(refused, 'localhost:3000'), 'connect ECONNREFUSED ::1:3000');
  t.equal(
    describeSocketError(new AggregateError([refused, new Error('other')]), 'localhost:3000'),
    'connect ECONNREFUSED ::1:3000',
  );
  t.equal(describeSocketError(new AggregateError([]), 'localhost:3000'), 'cannot connect to localhost:3000');
});
