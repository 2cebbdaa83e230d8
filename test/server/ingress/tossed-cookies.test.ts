import t from 'tap';
import { cookiesOf, removeTossed } from '../../../server/ingress/tossed-cookies.ts';

const gone = (name: string): string[] => [
  'Set-Cookie',
  `${name}=; Domain=preview.test; Path=/; Max-Age=0; Secure`,
];

t.test('cookies of the domain are taken by their names, but for ours and what is none', async (t) => {
  const cookies = 'a=1; b=2; a=3; __Host-porthole_session=x; =nameless; cut; q"=1; c=d=e';
  t.same(removeTossed(cookies, 'preview.test'), [...gone('a'), ...gone('b'), ...gone('c')]);
  t.same(removeTossed('', 'preview.test'), []);
  const many = Array.from({ length: 500 }, (_each, index) => `c${index}=1`).join('; ');
  t.equal(removeTossed(many, 'preview.test').length, 200);
  t.same(removeTossed(`${'x'.repeat(129)}=1`, 'preview.test'), []);
});

t.test('the cookies of a request, in one field or in many', async (t) => {
  t.equal(cookiesOf(['Host', 'cookie', 'cookie', 'a=1; b=2', 'COOKIE', 'c=3', 'X', 'd=4']), 'a=1; b=2;c=3');
  t.equal(cookiesOf([]), '');
});
