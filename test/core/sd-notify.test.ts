import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { notifySystemd, wordsOf } from '../../core/sd-notify.ts';
import { fakeSystemdNotify } from '../support/fake-systemd-notify.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('without a service manager nothing is run', async (t) => {
  const { env, told } = fakeSystemdNotify(t);
  t.equal(await notifySystemd({ ready: true }, { ...env, NOTIFY_SOCKET: undefined }), 'not-wanted');
  t.equal(await notifySystemd({ ready: true }, { ...env, NOTIFY_SOCKET: '' }), 'not-wanted');
  t.equal(await notifySystemd({}, env), 'not-wanted');
  t.same(told(), []);
});

t.test('the states are told as systemd reads them, one line each', async (t) => {
  const { env, told } = fakeSystemdNotify(t);
  t.equal(await notifySystemd({ ready: true, mainPid: 42, status: 'serving\nEXTRA=1' }, env), 'sent');
  t.equal(await notifySystemd({ stopping: true }, env), 'sent');
  t.same(told(), ['MAINPID=42|READY=1|STATUS=serving EXTRA=1|', 'STOPPING=1|']);
});

t.test('a reload carries the time that systemd compares', async (t) => {
  const [reloading, time] = wordsOf({ reloading: true });
  t.equal(reloading, 'RELOADING=1');
  t.match(time, /^MONOTONIC_USEC=\d+$/);
});

t.test('messages arrive in the order in which they were sent', async (t) => {
  const { env, told } = fakeSystemdNotify(t, 'case "$*" in READY=1) sleep 0.05;; esac');
  await Promise.all([notifySystemd({ ready: true }, env), notifySystemd({ stopping: true }, env)]);
  t.same(told(), ['READY=1|', 'STOPPING=1|']);
});

t.test('what cannot be told is a value, not a failure', async (t) => {
  const { env } = fakeSystemdNotify(t, 'echo no such manager >&2; exit 1');
  t.same(await notifySystemd({ ready: true }, env), { problem: 'systemd-notify failed: no such manager' });
  const missing = await notifySystemd({ ready: true }, { PATH: scratchDir(t), NOTIFY_SOCKET: '/run/x' });
  t.match(missing, { problem: /ENOENT/ });
  t.equal(
    await notifySystemd({ ready: true }, fakeSystemdNotify(t).env),
    'sent',
    'the next one is sent all the same',
  );
});

t.test('the real systemd-notify reaches a real socket', async (t) => {
  const path = join(scratchDir(t), 'notify');
  const words = ['--datagram', '--listen', path, 'sh', '-c', 'exec dd bs=4096 count=1 status=none <&3'];
  const receiver = spawn('systemd-socket-activate', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => receiver.kill('SIGKILL'));
  let said = '';
  receiver.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(receiver.stderr, 'data');
  void notifySystemd({ ready: true, status: 'serving' }, { ...process.env, NOTIFY_SOCKET: path });
  await once(receiver.stdout, 'end');
  t.match(said, /^READY=1\nSTATUS=serving\n?$/);
});
