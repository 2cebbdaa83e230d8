import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { agentFactsPath, writtenFacts } from '../../../client/agent-setup/agent-facts.ts';
import { placesOf, readLimits, reloadWay } from '../../../client/commands/agent-flags.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

t.test('where things are: as it is said, as it was set up before, as usual', async (t) => {
  const around = new FakeSurroundings(t);
  const usual = { sshd: '/usr/sbin/sshd', sshdConfig: '/etc/ssh/sshd_config', dir: '/etc/ssh/porthole' };
  t.match(placesOf({}, around), { ok: true, value: usual });
  const own = placesOf({ sshdConfig: 'sshd_config', sshd: 'bin/sshd', dropIn: 'd/x.conf' }, around);
  t.same(own, {
    ok: true,
    value: {
      sshd: join(around.cwd, 'bin/sshd'),
      sshdConfig: join(around.cwd, 'sshd_config'),
      dir: join(around.cwd, 'porthole'),
      dropIn: join(around.cwd, 'd/x.conf'),
    },
  });
  const dir = join(around.cwd, 'porthole');
  mkdirSync(dir);
  const before = { sshdConfig: '/opt/sshd_config', dropIn: '/opt/d/60-porthole.conf' };
  const limits = {
    targetId: '11111111-2222-3333-4444-555555555555',
    osUsers: [],
    longestCertificateMs: undefined,
  };
  writeFileSync(agentFactsPath(dir), writtenFacts({ ...limits, ca: makeKey(t).line, ...before }));
  t.match(placesOf({ dir }, around), { value: before });
  t.match(placesOf({ dir, sshdConfig: '/other' }, around), {
    value: { sshdConfig: '/other', dropIn: undefined },
  });
  for (const odd of ['a b', 'a"b', 'a%u', 'a\nb', "a'b", 'a$b'])
    t.equal(placesOf({ dir: odd }, around).ok, false, JSON.stringify(odd));
});

t.test('how sshd is told', async (t) => {
  const places = { sshd: '', sshdConfig: '/etc/ssh/sshd_config', dir: '', dropIn: undefined };
  t.same(reloadWay({}, places), { kind: 'service' });
  t.same(reloadWay({ reload: false }, places), { kind: 'none' });
  t.same(reloadWay({ pidFile: '/p' }, places), { kind: 'pid-file', path: '/p' });
  t.same(reloadWay({}, { ...places, sshdConfig: '/x' }), { kind: 'pid-file', path: undefined });
});

t.test('whom, and for how long', async (t) => {
  const limits = readLimits({ user: ['ops', 'dev', 'ops'], longestCertificate: '5m', maxStartups: 'keep' });
  t.same(limits, {
    ok: true,
    value: {
      osUsers: ['dev', 'ops'],
      longestCertificateMs: 300_000,
      maxStartups: 'keep',
      targetId: undefined,
    },
  });
  const upper = '11111111-2222-3333-4444-55555555ABCD';
  t.match(readLimits({ anyUser: true, targetId: upper }), {
    value: { osUsers: [], targetId: upper.toLowerCase() },
  });
  for (const wrong of [{}, { user: [] }, { user: ['a/b'] }, { anyUser: true, longestCertificate: '59s' }])
    t.equal(readLimits(wrong).ok, false);
});
