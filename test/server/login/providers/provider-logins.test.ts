import t from 'tap';
import { endpointCall } from '../../../support/endpoint-call.ts';
import { startLogins } from './started-logins.ts';

t.test('one source may not begin without end', async (t) => {
  const { logins } = await startLogins(t);
  const entered = Array.from({ length: 100 }, () => {
    const leave = logins.enter('192.0.2.1');
    leave?.();
    return leave;
  });
  t.equal(entered.filter((leave) => leave !== undefined).length, 60);
  t.ok(logins.enter('192.0.2.2'));
});

t.test('what is noted', async (t) => {
  const { logins, audited, lines } = await startLogins(t);
  logins.noteRefused(endpointCall(), { reason: 'none', email: undefined });
  logins.noteUnavailable(endpointCall(), { provider: 'test', reason: 'down' });
  t.match(audited, [{ action: 'login.refused', result: 'refused', detail: { reason: 'none' } }]);
  t.notOk('target' in (audited[0] ?? {}));
  t.match(lines.slice(-2), [{ level: 'info' }, { level: 'error', provider: 'test' }]);
});
