import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError } from '../../core/errors.ts';
import { askToReplace, type Asked, type Grant } from './successor.ts';

/** The state directory, as far as the question goes whose it is. */
export interface Claimable {
  readonly path: string;
  claim(onPeer: (socket: Socket) => void): Promise<boolean>;
  dial(): Promise<Socket | undefined>;
}

export interface SuccessionOptions {
  /** Take over from the process that has the directory, if there is one. */
  readonly replace: boolean;
  readonly version: string;
  /** Gets who asks at the claim's socket. */
  readonly onPeer: (socket: Socket) => void;
}

/** A process may end, or begin to, between two looks at it. */
const maxLooks = 10;
const betweenLooksMs = 100;

/**
 * Claims the directory; or gets, with `replace`, the leave of the process that has it to take its place: the claim then follows with
 * `claimFrom`. Throws `ERR_STATE_DIR`.
 */
export async function enter(directory: Claimable, options: SuccessionOptions): Promise<Grant | undefined> {
  for (let look = 1; look <= maxLooks; look += 1) {
    if (await directory.claim(options.onPeer)) return undefined;
    if (!options.replace) throw taken(directory);
    const socket = await directory.dial();
    const asked: Asked | undefined = socket && (await askToReplace(socket, options.version));
    if (asked?.kind === 'granted') return asked.grant;
    if (asked?.kind === 'refused') throw notReplaced(directory, asked.reason);
    if (asked?.kind === 'silent') break;
    await delay(betweenLooksMs);
  }
  throw notReplaced(directory, 'it gives no answer; it may be too old to know the question, or stopped');
}

/** Tells the predecessor that this process serves, and claims the directory when it is free. Throws `ERR_STATE_DIR`. */
export async function claimFrom(
  predecessor: Grant,
  directory: Claimable,
  onPeer: (socket: Socket) => void,
): Promise<void> {
  if (!(await predecessor.takeOver())) {
    throw notReplaced(directory, 'it agreed, but does not let go of the state directory');
  }
  for (let look = 1; look <= maxLooks; look += 1) {
    if (await directory.claim(onPeer)) return;
    await delay(betweenLooksMs);
  }
  throw taken(directory);
}

function taken({ path }: Claimable): PortholeError {
  return new PortholeError('ERR_STATE_DIR', {
    message:
      `another portholed runs on the state directory ${path}; ` +
      'stop it first, take its place with --replace, or use another --state-dir',
  });
}

function notReplaced({ path }: Claimable, reason: string): PortholeError {
  return new PortholeError('ERR_STATE_DIR', {
    message: `the portholed that runs on the state directory ${path} cannot be replaced: ${reason}`,
  });
}
