import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reloadSshd, type ReloadParts } from '../../../client/agent-setup/reload-sshd.ts';
import type { RunProgram } from '../../../client/agent-setup/run-program.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const comm = readFileSync('/proc/self/comm', 'utf8').trim();

function setting(t: Parameters<typeof scratchDir>[0], systemctl: Record<string, number> = {}) {
  const signals: number[] = [];
  const ran: string[] = [];
  const run: RunProgram = (file, words) => {
    const line = [file, ...words].join(' ');
    ran.push(line);
    return Promise.resolve({ code: systemctl[line] ?? 3, stdout: '', stderr: 'inactive' });
  };
  const pidFile = join(scratchDir(t), 'sshd.pid');
  writeFileSync(pidFile, `${String(process.pid)}\n`);
  const parts: ReloadParts = {
    run,
    pidFile,
    program: `/usr/sbin/${comm}`,
    signal: (pid) => void signals.push(pid),
  };
  return { signals, ran, parts, pidFile };
}

t.test('by systemd, whatever the unit is called there', async (t) => {
  const way = { kind: 'service', isSystemd: () => true } as const;
  for (const unit of ['ssh.service', 'sshd.service']) {
    const { parts, signals } = setting(t, {
      [`systemctl is-active --quiet ${unit}`]: 0,
      [`systemctl reload ${unit}`]: 0,
    });
    t.same(await reloadSshd(way, parts), { kind: 'reloaded', how: `systemctl reload ${unit}` });
    t.same(signals, []);
  }
  const failing = setting(t, { 'systemctl is-active --quiet ssh.service': 0 });
  t.match(await reloadSshd(way, failing.parts), { kind: 'failed', reason: /inactive/ });
  const none = setting(t);
  t.match(await reloadSshd(way, none.parts), { kind: 'reloaded', how: /SIGHUP/ }, 'it may run by itself');
});

t.test('by a signal, and never to another program', async (t) => {
  const { parts, signals, ran, pidFile } = setting(t);
  const way = { kind: 'service', isSystemd: () => false } as const;
  t.match(await reloadSshd(way, parts), { kind: 'reloaded' });
  t.same(signals, [process.pid]);
  t.same(ran, []);
  const file = { kind: 'pid-file', path: undefined } as const;
  t.match(await reloadSshd(file, { ...parts, program: '/usr/sbin/sshd' }), { kind: 'not-running' });
  t.match(await reloadSshd({ kind: 'pid-file', path: `${pidFile}.none` }, parts), { kind: 'not-running' });
  writeFileSync(pidFile, '-1\n');
  t.match(await reloadSshd(file, parts), { kind: 'not-running' });
  t.equal(signals.length, 1);
});

t.test('what cannot be done is told', async (t) => {
  const { parts } = setting(t);
  const file = { kind: 'pid-file', path: undefined } as const;
  for (const pidFile of [undefined, 'none'])
    t.match(await reloadSshd(file, { ...parts, pidFile }), { kind: 'failed', reason: /--pid-file/ });
  const signal = (): void => {
    throw new Error('EPERM');
  };
  t.match(await reloadSshd(file, { ...parts, signal }), { kind: 'failed', reason: /EPERM/ });
  t.same(await reloadSshd({ kind: 'none' }, parts), { kind: 'not-wanted' });
});
