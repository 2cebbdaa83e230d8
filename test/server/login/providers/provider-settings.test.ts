import t from 'tap';
import { isGoogle } from '../../../../server/login/providers/provider-settings.ts';

t.test('Google is known by its issuer', async (t) => {
  t.equal(isGoogle({ issuer: 'https://accounts.google.com' }), true);
  t.equal(isGoogle({ issuer: 'https://accounts.google.com/' }), true);
  t.equal(isGoogle({ issuer: 'https://accounts.google.com.evil.com' }), false);
});
