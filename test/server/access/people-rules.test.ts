import t from 'tap';
import { noPeople } from '../../../server/access/people-rules.ts';

t.test('without providers nobody sees anything', async (t) => {
  const person = { kind: 'person', provider: 'x', subject: '1', groups: [] } as const;
  t.equal(noPeople.viewerOf({ ...person, email: undefined, name: undefined }), undefined);
  t.doesNotThrow(() => {
    noPeople.onChange(() => t.fail('nothing changes'));
  });
});
