import type { KeyRecord, Keys } from '../identity/key-record.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';

/** What the commands about keys need. */
export interface KeyServices {
  readonly keys: Keys;
  /** For what is refused; what is done is noted with it. */
  readonly audit: AuditRecorder;
  /** The keys of the operator's file, which nothing here changes. */
  readonly fileKeys: () => Iterable<KeyRecord>;
  /** How long a key may go unused before it is reported. */
  readonly unusedAfterMs: number;
  /** Whether somebody of that name owns environments, whose keys may be gone. */
  readonly ownsEnvironments: (principal: string) => boolean;
  /** The environment names that are known now. */
  readonly envNames: () => Iterable<string>;
  /** Where people dial in. */
  readonly gateway: () => { readonly host: string; readonly port: number; readonly hostKey: string };
}

/** What says a record of the file where it came from. */
export const fileSource = 'file';
