/** The kinds of listening sockets, as LISTEN_FDNAMES may say them. */
export const socketNames = ['shared', 'ssh', 'http', 'metrics'] as const;
export type SocketName = (typeof socketNames)[number];

/** Descriptors of listening sockets that were passed to this process, by what they are for. */
export type PassedSockets = Readonly<Record<SocketName, readonly number[]>>;

export type ReadSockets =
  | { readonly kind: 'none' }
  | { readonly kind: 'passed'; readonly sockets: PassedSockets }
  | { readonly kind: 'wrong'; readonly problem: string };

/** Those before are standard input, output and error: SD_LISTEN_FDS_START. */
const firstDescriptor = 3;
const maxSockets = 256;

/** What systemd names a socket whose unit says no `FileDescriptorName=`. */
const isUnnamed = (name: string): boolean => name === '' || name === 'unknown' || name.endsWith('.socket');

/**
 * The listening sockets that systemd, or a predecessor, passed to the process `pid` (sd_listen_fds(3)). A socket without a name of ours in LISTEN_FDNAMES
 * is a shared one. What was meant for another process counts as nothing.
 */
export function readListenFds(env: NodeJS.ProcessEnv, pid: number): ReadSockets {
  const { LISTEN_FDS: countText = '', LISTEN_PID: forPid, LISTEN_FDNAMES: namesText = '' } = env;
  if (countText === '' || forPid !== String(pid)) return { kind: 'none' };
  const count = /^\d{1,6}$/.test(countText) ? Number(countText) : NaN;
  if (!(count <= maxSockets))
    return wrong(`LISTEN_FDS=${countText} is not a number of sockets up to ${maxSockets}`);
  if (count === 0) return { kind: 'none' };
  const sockets: Record<SocketName, number[]> = { shared: [], ssh: [], http: [], metrics: [] };
  const names = namesText.split(':');
  for (let index = 0; index < count; index += 1) {
    const name = nameOf(names[index] ?? '');
    if (name === undefined) {
      return wrong(`LISTEN_FDNAMES: ${JSON.stringify(names[index])} is none of ${socketNames.join(', ')}`);
    }
    sockets[name].push(firstDescriptor + index);
  }
  if (sockets.metrics.length > 1) return wrong('LISTEN_FDNAMES: there is only one socket for metrics');
  return { kind: 'passed', sockets };
}

function nameOf(name: string): SocketName | undefined {
  return isUnnamed(name) ? 'shared' : socketNames.find((known) => known === name);
}

function wrong(problem: string): ReadSockets {
  return { kind: 'wrong', problem };
}

/** The variables for a process that is passed the sockets from descriptor 3 on, in the order of `socketNames`; it sets LISTEN_PID itself. */
export function listenFdsFor(sockets: PassedSockets): { env: NodeJS.ProcessEnv; descriptors: number[] } {
  const descriptors = socketNames.flatMap((name) => sockets[name]);
  const names = socketNames.flatMap((name) => sockets[name].map(() => name));
  return {
    descriptors,
    env: { LISTEN_FDS: String(descriptors.length), LISTEN_FDNAMES: names.join(':') },
  };
}

/** Takes the variables away, so that no child believes that they are meant for it. */
export function forgetListenFds(env: NodeJS.ProcessEnv): void {
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'])
    Reflect.deleteProperty(env, name);
}
