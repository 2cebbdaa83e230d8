import t from 'tap';
import { passOpens, sessionViewer, viewerMaySee } from '../../../server/access/opens.ts';
import { dayMs, Door, doorNowMs, nobody, placeAt } from '../../support/door.ts';

const place = placeAt('web--pr-42');

function setting() {
  const door = new Door();
  const opens = (pass: string, at = place): boolean =>
    passOpens(
      { kind: pass.startsWith('s') ? 'session' : 'grant', id: pass.slice(2) },
      at,
      door.nowMs,
      door.options,
    );
  return { door, opens };
}

t.test('a session opens what its account may see, as long as it lasts', async (t) => {
  const { door, opens } = setting();
  t.equal(opens('s:a'), false, 'there is none');
  door.logIn('a', { envPatterns: ['pr-*'] });
  t.equal(opens('s:a'), true);
  t.equal(opens('s:a', placeAt('web--main')), false);
  t.equal(opens('s:a', placeAt('web--pr-42', { owner: undefined })), false, 'nothing is there');
  door.nowMs = doorNowMs + 7 * dayMs;
  t.equal(opens('s:a'), false, 'it is over');
  door.nowMs = doorNowMs;
  door.logIn('a', { envPatterns: ['pr-*'] }, { endedAt: doorNowMs });
  t.equal(opens('s:a'), false, 'it was ended');
  t.equal(sessionViewer('a', door.nowMs, door.options), undefined);
});

t.test('an account that is none any more sees nothing', async (t) => {
  const { door, opens } = setting();
  door.logIn('a', { admin: true });
  t.equal(opens('s:a'), true);
  door.viewers.delete('a');
  t.equal(opens('s:a'), false);
});

t.test('who is invited by name sees it logged in, and nobody by the link alone', async (t) => {
  const { door, opens } = setting();
  door.logIn('a', { email: 'a@example.com' });
  door.logIn('b', { email: 'b@example.com' });
  door.logIn('c');
  door.give('g2', { emails: ['a@example.com'], service: 'web' });
  t.equal(opens('s:a'), true);
  t.equal(opens('s:b'), false);
  t.equal(opens('s:c'), false);
  t.equal(opens('g:g2'), false);
  t.equal(opens('s:a', placeAt('api--pr-42')), false);
  door.give('g2', { emails: ['a@example.com'], revokedAt: doorNowMs });
  t.equal(opens('s:a'), false);
  door.give('g2', { emails: ['a@example.com'], kind: 'token' });
  t.equal(viewerMaySee({ ...nobody, email: 'a@example.com' }, place, door.nowMs, door.options), false);
});

t.test('a grant opens what it was given for', async (t) => {
  const { door, opens } = setting();
  for (const kind of ['link', 'token', 'password'] as const) {
    door.give('g2', { kind });
    t.equal(opens('g:g2'), true, kind);
  }
  door.give('g2', { service: 'web' });
  t.equal(opens('g:g2'), true);
  t.equal(opens('g:g2', placeAt('api--pr-42')), false);
  t.equal(opens('g:g2', placeAt('pr-42')), false);
  t.equal(opens('g:none'), false);
  for (const wrong of [
    { revokedAt: doorNowMs },
    { expiresAt: doorNowMs },
    { env: 'pr-43' },
    { owner: 'bob' },
  ]) {
    door.give('g2', wrong);
    t.equal(opens('g:g2'), false, Object.keys(wrong).join());
  }
  door.give('g2', { maxUses: 1, uses: 1 });
  t.equal(opens('g:g2'), true, 'a browser that took it has it');
});
