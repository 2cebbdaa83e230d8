import t from 'tap';
import { Readiness } from '../../client/readiness.ts';
import { fakeSystemdNotify } from '../support/fake-systemd-notify.ts';

const web = { service: 'web', port: null, target: '127.0.0.1:3000' } as const;

t.test('the service manager is told what a person would be', async (t) => {
  const notifier = fakeSystemdNotify(t);
  const readiness = new Readiness({ ...notifier.env });
  const place = { server: 'https://gw', env: 'pr-1' };
  readiness.tell([{ event: 'connecting', ...place, attempt: 1 }]);
  readiness.tell([
    { event: 'connected', ...place },
    { event: 'forward', ...web, url: 'https://web--pr-1.gw/' },
  ]);
  readiness.tell([{ event: 'upstream-refused', ...web, code: 'ECONNREFUSED', reason: 'x' }]);
  readiness.tell([{ event: 'upstream-refused', ...web, code: 'ECONNREFUSED', reason: 'x' }]);
  readiness.tell([{ event: 'upstream-listening', ...web }]);
  readiness.tell([{ event: 'disconnected', reason: 'cut\u001b' }]);
  readiness.stopping();
  await readiness.close();
  const ready = 'READY=1|STATUS=pr-1 is online; https://web--pr-1.gw/';
  t.same(notifier.told(), [
    'STATUS=connecting|',
    `${ready}|`,
    `${ready}; nothing listens on 127.0.0.1:3000|`,
    `${ready}|`,
    'READY=1|STATUS=not connected: cut?; https://web--pr-1.gw/|',
    'STOPPING=1|STATUS=stopping|',
  ]);
});

t.test('where no manager asks, nothing is told', async () => {
  const readiness = new Readiness({});
  readiness.stopping();
  await readiness.close();
});
