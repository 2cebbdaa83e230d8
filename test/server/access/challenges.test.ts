import t from 'tap';
import { challengesFor } from '../../../server/access/challenges.ts';

const bearer = 'Bearer realm="porthole"';
const basic = 'Basic realm="porthole", charset="UTF-8"';

t.test('a program is told all ways', async (t) => {
  t.same(challengesFor({ secFetchMode: undefined, origin: undefined }, false), [bearer, basic]);
});

t.test('the script of a page opens no dialog', async (t) => {
  t.same(challengesFor({ secFetchMode: 'cors', origin: undefined }, false), [bearer]);
  t.same(challengesFor({ secFetchMode: undefined, origin: 'https://a.example' }, false), [bearer]);
});

t.test('unless it asks for one', async (t) => {
  t.same(challengesFor({ secFetchMode: 'navigate', origin: undefined }, true), [bearer, basic]);
});
