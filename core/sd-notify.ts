import { execFile } from 'node:child_process';

/** What a service manager can be told; all that is left out stays as it was. */
export interface ServiceState {
  /** The start, or the takeover from an older process, is complete. */
  readonly ready?: boolean;
  /** A successor is being started. */
  readonly reloading?: boolean;
  readonly stopping?: boolean;
  /** One line for `systemctl status`. */
  readonly status?: string;
  /** The process that is the service from now on. */
  readonly mainPid?: number;
}

export type Notified = 'sent' | 'not-wanted' | { readonly problem: string };

const patienceMs = 5_000;

/** Each message waits for the one before: the order is what they mean. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Tells systemd the state of this service (sd_notify(3)), by its own `systemd-notify`: Node has no datagrams of unix sockets.
 * `not-wanted` where no manager asked for it (`NOTIFY_SOCKET`). Never rejects, and gives up after 5 s. The unit needs
 * `NotifyAccess=all`, since the message comes from a child.
 */
export async function notifySystemd(
  state: ServiceState,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Notified> {
  const words = wordsOf(state);
  if ((env['NOTIFY_SOCKET'] ?? '') === '' || words.length === 0) return 'not-wanted';
  const sent = last.then(() => send(words, env));
  last = sent;
  return sent;
}

/** The assignments of sd_notify(3), in the order in which systemd is to read them. */
export function wordsOf({ ready, reloading, stopping, status, mainPid }: ServiceState): readonly string[] {
  const words: string[] = [];
  if (mainPid !== undefined) words.push(`MAINPID=${String(mainPid)}`);
  // Type=notify-reload compares the time with that of its own signal.
  if (reloading === true) words.push('RELOADING=1', `MONOTONIC_USEC=${String(monotonicMicroseconds())}`);
  if (ready === true) words.push('READY=1');
  if (stopping === true) words.push('STOPPING=1');
  if (status !== undefined) words.push(`STATUS=${status.replace(/\s+/gu, ' ').trim()}`);
  return words;
}

/** Node's clock is CLOCK_MONOTONIC, the one that systemd means. */
function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n;
}

function send(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Notified> {
  return new Promise((settle) => {
    execFile('systemd-notify', words, { env, timeout: patienceMs }, (error, _stdout, stderr) => {
      if (error === null) settle('sent');
      else
        settle({ problem: `systemd-notify failed: ${stderr.trim() === '' ? error.message : stderr.trim()}` });
    });
  });
}
