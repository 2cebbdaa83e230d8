import { join } from 'node:path';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { createAuthorityFile, readAuthorityFile, type AuthorityKey } from './authority-file.ts';

export interface MachineAuthorityOptions {
  readonly stateDir: string;
  /** What follows the key on its line, for those who find it on a machine. */
  readonly comment: string;
  readonly log: Log;
}

/**
 * The authority that machines trust: the key `machine_ca` in the gateway's state directory, made when it is needed for the first time. It is
 * another one than `user_ca`, so that what lets somebody log in to the gateway opens no machine, and the other way round.
 */
export class MachineAuthority {
  readonly #options: MachineAuthorityOptions;
  #key: AuthorityKey | undefined;

  constructor(options: MachineAuthorityOptions) {
    this.#options = options;
  }

  /** The same for the life of the process. Throws `ERR_STATE_DIR` when it can be neither read nor made. */
  get key(): AuthorityKey {
    this.#key ??= this.#open();
    return this.#key;
  }

  #open(): AuthorityKey {
    const { stateDir, comment, log } = this.#options;
    const path = machineAuthorityPath(stateDir);
    const there = readAuthorityFile(path);
    const key = there ?? make(path, comment);
    log.info({ authority: key.fingerprint }, "the machines' authority");
    return key;
  }
}

export function machineAuthorityPath(stateDir: string): string {
  return join(stateDir, 'machine_ca');
}

/** Of two processes that need it at once one makes it, and both have that. */
function make(path: string, comment: string): AuthorityKey {
  try {
    return createAuthorityFile(path, comment);
  } catch (error) {
    const made = isConflict(error) ? readAuthorityFile(path) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof PortholeError && error.code === 'ERR_CONFLICT';
}
