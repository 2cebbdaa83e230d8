import t from 'tap';
import { accesses } from '../../../core/openness.ts';
import { accessOf, tooWide } from '../../../server/ssh/access-limit.ts';

const limits = { defaultAccess: 'private', widestAccess: 'public', contact: 'the team' } as const;

t.test('nobody asks for more than the gateway and the key allow', async (t) => {
  const places = [...accesses.entries()];
  for (const [key, widestAccess] of places)
    for (const [gateway, widest] of places)
      for (const [asked, access] of places) {
        const problem = tooWide({ access }, { widestAccess }, { ...limits, widestAccess: widest });
        const name = `${access}, a key for ${widestAccess} at a gateway for ${widest}`;
        t.equal(problem === undefined, asked <= Math.min(key, gateway), name);
      }
});

t.test('the reason says what may be had, and whom to ask', async (t) => {
  t.match(
    tooWide({ access: 'public' }, { widestAccess: 'private' }, limits),
    /access=public .*this key.*: at most private; for more, ask the team/,
  );
  t.match(tooWide({ access: 'public' }, {}, { ...limits, widestAccess: 'team' }), /anybody.*: at most team/);
  t.equal(tooWide({ access: 'public' }, {}, limits), undefined);
  t.equal(tooWide({}, { widestAccess: 'private' }, { ...limits, defaultAccess: 'public' }), undefined);
});

t.test('the default is narrowed, what is asked for is not', async (t) => {
  const open = { ...limits, defaultAccess: 'public' } as const;
  t.equal(accessOf({}, {}, open), 'public');
  t.equal(accessOf({}, { widestAccess: 'team' }, open), 'team');
  t.equal(accessOf({}, { widestAccess: 'team' }, { ...open, widestAccess: 'private' }), 'private');
  t.equal(accessOf({}, { widestAccess: 'team' }, limits), 'private');
  t.equal(accessOf({ access: 'team' }, {}, limits), 'team');
});
