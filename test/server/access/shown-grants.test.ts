import t from 'tap';
import type { AccessRequest } from '../../../server/access/decision.ts';
import { grantToken } from '../../../server/access/grant-token.ts';
import { ownTokenIn, ShownGrants } from '../../../server/access/shown-grants.ts';
import { Door, doorKey, noContext, placeAt } from '../../support/door.ts';

const id = 'abcdefghij27';
const link = grantToken(doorKey, 'link', id);
const token = grantToken(doorKey, 'token', id);
const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

function setting() {
  const door = new Door();
  const shown = new ShownGrants(door.options);
  const place = placeAt('web--pr-42');
  const ask = (headers: Partial<AccessRequest>): string => {
    const request: AccessRequest = {
      ...{ place, host: '', method: 'GET', path: '/', cookie: undefined, authorization: undefined },
      ...{ shareHeader: undefined, tokenHeader: undefined, context: noContext },
      ...{ navigation: false, upgrade: false, address: '' },
      ...headers,
    };
    return shown.inHeaders(request, door.nowMs).kind;
  };
  const query = (shares: string[], tokens: string[]): string =>
    shown.inQuery({ shares, tokens, asksForBasic: false }, place, door.nowMs).kind;
  return { door, ask, query };
}

t.test('a token opens in every place where one may be', async (t) => {
  const { door, ask, query } = setting();
  door.give(id, { kind: 'token' });
  t.equal(ask({ tokenHeader: token }), 'opens');
  t.equal(ask({ authorization: `Bearer ${token}` }), 'opens');
  t.equal(ask({ authorization: `bearer ${token}` }), 'opens');
  t.equal(ask({ authorization: basic(`x:${token}`) }), 'opens');
  t.equal(ask({ authorization: basic(`${token}:`) }), 'opens');
  t.equal(query([], ['pht_wrong', token]), 'opens');
  t.equal(ask({ shareHeader: link }), 'nothing', 'it is no link');
  t.equal(query([link], []), 'nothing');
});

t.test('so does a link that anybody may have', async (t) => {
  const { door, ask, query } = setting();
  door.give(id);
  t.equal(ask({ shareHeader: link }), 'opens');
  t.equal(query([link], []), 'opens');
  t.equal(ask({ tokenHeader: token }), 'nothing', 'it is no token');
  door.give(id, { maxUses: 3 });
  t.equal(ask({ shareHeader: link }), 'nothing', 'it is counted where it is taken');
  door.give(id, { emails: ['a@example.com'] });
  t.equal(ask({ shareHeader: link }), 'nothing');
});

t.test('what is not genuine is wrong; what is over, or for something else, is nothing', async (t) => {
  const { door, ask, query } = setting();
  door.give(id, { kind: 'token', env: 'pr-43' });
  t.equal(ask({ tokenHeader: token }), 'nothing');
  t.equal(ask({}), 'nothing');
  t.equal(ask({ tokenHeader: 'pht_x' }), 'wrong');
  t.equal(ask({ tokenHeader: token, shareHeader: 'x' }), 'wrong');
  t.equal(query(['x'], []), 'wrong');
});

t.test("what in an Authorization is the gateway's own", async (t) => {
  t.equal(ownTokenIn(`Bearer ${token}`), token);
  t.equal(ownTokenIn(basic(`user:${token}`)), token);
  for (const other of ['', 'Bearer abc', basic('user:secret'), `Digest ${token}`, token, 'Basic !'])
    t.equal(ownTokenIn(other), undefined, other);
});
