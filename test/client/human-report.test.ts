import t from 'tap';
import { HumanReport } from '../../client/human-report.ts';
import type { ClientEvent } from '../../client/report.ts';

const web = { service: 'web', port: null, target: '127.0.0.1:3000' } as const;

function texts(...events: readonly ClientEvent[]): string[] {
  return new HumanReport().lines(events).map(({ to, text }) => `${to}: ${text}`);
}

t.test('each event', async (t) => {
  const place = { server: 'https://gw', env: 'pr-1' };
  t.same(texts({ event: 'connecting', ...place, attempt: 1 }), ['stderr: connecting to https://gw as pr-1']);
  t.same(texts({ event: 'connecting', ...place, attempt: 2 }), []);
  t.same(texts({ event: 'connected', ...place }), ['stderr: connected: pr-1 is online']);
  t.same(texts({ event: 'forward-refused', ...web, reason: 'taken' }), ['stderr: web was refused: taken']);
  t.same(texts({ event: 'forward-refused', ...web, service: null, reason: 'taken' }), [
    'stderr: the default service was refused: taken',
  ]);
  t.same(texts({ event: 'forward-refused', ...web, port: 80, reason: 'taken' }), [
    'stderr: web:80 was refused: taken',
  ]);
  t.same(texts({ event: 'upstream-listening', ...web }), ['stderr: 127.0.0.1:3000 listens now']);
  t.same(texts({ event: 'retrying', inMs: 300, reason: 'cut' }), ['stderr: cut; trying again in 300 ms']);
  t.same(texts({ event: 'retrying', inMs: 14_700, reason: 'cut' }), ['stderr: cut; trying again in 15 s']);
  t.same(texts({ event: 'url-file-failed', reason: 'no room' }), ['stderr: no room']);
  t.same(texts({ event: 'disconnected', reason: 'cut' }, { event: 'exit', code: 0 }), []);
  t.same(texts({ event: 'tunnels', live: 1, wanted: 2 }), ['stderr: 1 of 2 connections serve']);
  t.same(texts({ event: 'forward-withdrawn', ...web }), ['stderr: web is no longer offered']);
  t.same(texts({ event: 'no-services' }), ['stderr: nothing to offer yet - waiting for services']);
  t.match(texts({ event: 'draining', graceMs: 1 }), [/moving to a new connection/]);
  const ci = {
    event: 'certificate',
    principal: 'ci',
    role: 'machine',
    expiresAt: '2027-01-31T00:00:00Z',
  } as const;
  t.same(texts({ ...ci, state: 'obtained', env: ['pr-*', 'x'] }), [
    'stderr: certificate obtained: ci (machine), for pr-*, x, until 2027-01-31T00:00:00Z',
  ]);
  t.match(texts({ ...ci, state: 'renewed', env: [] }), [/renewed: .*for no environment/]);
  t.match(texts({ event: 'certificate', state: 'not-renewed', reason: 'no', expiresAt: 'x' }), [
    /until x, cannot be renewed: no/,
  ]);
  t.match(texts({ event: 'moved' }), [/nothing was lost/]);
  t.match(texts({ event: 'docker', state: 'watching' }), [/watching/]);
  t.same(texts({ event: 'docker', state: 'lost', reason: 'it is gone' }), [
    'stderr: it is gone; what is offered stays',
  ]);
  t.same(texts({ event: 'container-skipped', container: 'db', reason: 'it has no port' }), [
    'stderr: container db is not offered: it has no port',
  ]);
  t.same(
    texts({ event: 'key-created', file: '/key', publicKey: 'ssh-ed25519 AAAA me' }).at(-1),
    'stderr: ssh-ed25519 AAAA me',
  );
});

t.test('a service that is not there, and one that cannot be reached', async (t) => {
  t.same(texts({ event: 'upstream-refused', ...web, code: 'ECONNREFUSED', reason: 'x' }), [
    'stderr: nothing listens on 127.0.0.1:3000 - start it, the URL stays',
  ]);
  t.same(texts({ event: 'upstream-refused', ...web, code: 'ETIMEDOUT', reason: 'connect ETIMEDOUT' }), [
    'stderr: cannot reach 127.0.0.1:3000 (connect ETIMEDOUT) - the URL stays',
  ]);
});

t.test('URLs that changed are said again, those that stayed are not', async (t) => {
  const report = new HumanReport();
  const forward = { event: 'forward', ...web, url: 'https://a', access: 'public' } as const;
  t.same(
    report.lines([forward]).map((line) => line.text),
    ['https://a  ->  127.0.0.1:3000'],
  );
  t.same(report.lines([forward]), []);
  t.equal(report.lines([{ ...forward, url: 'https://b' }]).length, 1);
  const other = { ...forward, service: 'api' };
  t.equal(report.lines([{ ...forward, url: 'https://b' }, other]).length, 1, 'only the one that is new');
  report.lines([{ event: 'forward-withdrawn', ...web, service: 'api' }]);
  t.equal(report.lines([other]).length, 1, 'it came back');
});
