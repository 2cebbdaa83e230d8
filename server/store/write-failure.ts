import { PortholeError } from '../../core/errors.ts';
import { resultCodes, sqliteCode } from './sqlite.ts';

/**
 * Why something could not be written to the database while the gateway runs, in words for whoever asked for it: `ERR_STORE_UNAVAILABLE`.
 * What has a code already is given back as it is.
 */
export function writeFailure(cause: unknown): PortholeError {
  if (cause instanceof PortholeError) return cause;
  return new PortholeError('ERR_STORE_UNAVAILABLE', {
    cause,
    message: `the gateway cannot write its database: ${reasonOf(cause)}; nothing was changed, and tunnels go on`,
  });
}

/** The database belongs to a successor now, or the process ends. */
export function storeReleased(): PortholeError {
  return new PortholeError('ERR_STORE_UNAVAILABLE', {
    message: 'this gateway is being replaced or stopped, so nothing was changed; connect again and repeat it',
  });
}

function reasonOf(cause: unknown): string {
  switch (sqliteCode(cause)) {
    case resultCodes.busy:
      return 'another program keeps it locked';
    case resultCodes.readOnly:
      return 'it is read-only';
    case resultCodes.full:
      return 'there is no space left on its disk';
    case resultCodes.ioError:
      return 'its disk does not work as it should';
    case resultCodes.corrupt:
    case resultCodes.notADatabase:
      return 'it is damaged';
    case resultCodes.cannotOpen:
      return 'it cannot be opened';
    default:
      return 'see the log of the gateway';
  }
}
