import t from 'tap';
import {
  printedLines,
  removedLines,
  setupJson,
  setupLines,
  statusJson,
  statusLines,
} from '../../../client/agent-setup/agent-report.ts';
import { planAgent } from '../../../client/agent-setup/agent-files.ts';
import type { SetupWish } from '../../../client/agent-setup/prepare-agent.ts';

const targetId = '11111111-2222-3333-4444-555555555555';
const ca = 'ssh-ed25519 AAAA machines';
const limits = { targetId, osUsers: ['dev'], longestCertificateMs: 300_000, ca };
const wish = limits as unknown as SetupWish;
const facts = { ...limits, sshdConfig: '/etc/ssh/sshd_config', dropIn: '/d/60-porthole.conf' };
const done = { kind: 'done', changed: true, dropIn: '/d/60-porthole.conf', notes: ['careful'] } as const;
const reloaded = { kind: 'reloaded', how: 'SIGHUP to 7' } as const;

t.test('what was set up, and what comes next', async (t) => {
  const lines = setupLines(wish, { ...done, reloaded }, 'pr-42').join('\n');
  t.match(lines, /^set up: \/d\/60-porthole\.conf/);
  t.match(lines, /users {7}dev\n.*at most 5m/);
  t.match(lines, /has read it \(SIGHUP to 7\)\nnote: careful\nnext: porthole connect pr-42 --ssh/);
  const open = { ...wish, osUsers: [], longestCertificateMs: undefined };
  const again = setupLines(open, { ...done, changed: false, reloaded: { kind: 'not-running' } }, undefined);
  t.match(again.join('\n'), /^set up as before[^]*users {7}any\n.*as the gateway says[^]*does not run/);
  t.match(JSON.parse(setupJson(wish, { ...done, reloaded })), {
    outcome: 'done',
    longestCertificate: '5m',
    reloaded: 'reloaded',
  });
  t.match(JSON.parse(setupJson(open, { ...done, reloaded })), { longestCertificate: null });
});

t.test('whether it is in effect', async (t) => {
  const good = { kind: 'set-up', facts, problem: undefined } as const;
  t.match(statusLines(good, 'the-same').join('\n'), /^in effect[^]*signs with this key$/);
  t.match(statusLines({ ...good, problem: 'gone' }, 'another').join('\n'), /^NOT in effect[^]*ANOTHER key$/);
  t.same(statusLines({ kind: 'none' }, 'unknown'), []);
  t.match(JSON.parse(statusJson(good, 'not-asked')), { setUp: true, inEffect: true, gateway: 'not-asked' });
  t.match(JSON.parse(statusJson({ ...good, problem: 'gone' }, 'unknown')), {
    inEffect: false,
    problem: 'gone',
  });
  t.same(JSON.parse(statusJson({ kind: 'none' }, 'unknown')), { setUp: false });
});

t.test('what was taken away, and what would be written', async (t) => {
  t.match(removedLines({ kind: 'nothing' }), [/nothing/]);
  const away = removedLines({ kind: 'done', removed: ['/a', '/b'], reloaded: { kind: 'not-wanted' } });
  t.match(away, ['removed /a', 'removed /b', /when it is reloaded/]);
  t.match(removedLines({ kind: 'done', removed: [], reloaded: { kind: 'failed', reason: 'no' } }), [/no/]);
  const plan = planAgent({ ...facts, dir: '/d', maxStartups: undefined, exemptsLoopback: false });
  t.match(
    printedLines(plan),
    /### \/d\/machine_ca\.pub \(mode 0644, owned by root\)\nssh-ed25519 AAAA machines\n/,
  );
});
