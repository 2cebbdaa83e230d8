import t from 'tap';
import { HeldPasses } from '../../../server/access/held-passes.ts';
import { Door, hostOf, noContext, placeAt } from '../../support/door.ts';

function setting() {
  const door = new Door();
  door.logIn('a', { envPatterns: ['pr-*'] });
  door.logIn('b');
  const passes = new HeldPasses(door.options);
  const look = (cookie: string | undefined, context = {}): string =>
    passes.look(
      {
        ...{ place: placeAt('web--pr-42'), host: hostOf('web--pr-42'), method: 'GET', path: '/', cookie },
        ...{ authorization: undefined, shareHeader: undefined, tokenHeader: undefined },
        ...{ context: { ...noContext, ...context }, navigation: false, upgrade: false, address: '' },
      },
      door.nowMs,
    ).kind;
  return { door, look };
}

t.test("what a request's cookies are worth", async (t) => {
  const { door, look } = setting();
  t.equal(look(undefined), 'nothing');
  t.equal(look('a=1'), 'nothing');
  t.equal(look('__Host-porthole_session=forged'), 'nothing');
  t.equal(look(door.cookie('s:a')), 'opens');
  t.equal(look(door.cookie('s:b')), 'known');
  t.equal(look(door.cookie('s:none')), 'nothing');
  t.equal(look(door.cookie('g:none')), 'nothing');
});

t.test('from a page that may not use them nothing is read', async (t) => {
  const { door, look } = setting();
  const evil = { origin: 'https://web--evil.preview.example.com' };
  door.sealer.opened = 0;
  for (const cookie of [door.cookie('s:a'), door.cookie('s:b'), '__Host-porthole_session=forged'])
    t.equal(look(cookie, evil), 'origin');
  t.equal(door.sealer.opened, 0);
  t.equal(look(undefined, evil), 'nothing');
});

t.test('many browsers do not fill the memory', async (t) => {
  const { door, look } = setting();
  const first = door.cookie('s:a');
  t.equal(look(first), 'opens');
  for (let count = 0; count < 10_001; count++)
    look(door.cookie('s:a', 'web--pr-42', { expiresAtMs: door.nowMs + 1 + count }));
  door.sealer.opened = 0;
  t.equal(look(first), 'opens');
  t.equal(door.sealer.opened, 1, 'it was forgotten');
});

t.test('a clock that is set back lengthens nothing', async (t) => {
  const { door, look } = setting();
  const cookie = door.cookie('s:a');
  look(cookie);
  door.nowMs -= 60_000;
  door.sealer.oldest = 2;
  t.equal(look(cookie), 'nothing');
});
