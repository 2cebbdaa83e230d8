import type { Log } from '../../../core/log.ts';
import type { Grants } from '../../access/grant-record.ts';
import type { Sealer } from '../../access/seal.ts';
import type { AuditRecorder } from '../../store/audit-entry.ts';
import type { SignIn } from '../sign-in.ts';

/** What logging in at a provider needs of the rest of the gateway. */
export interface ProviderContext {
  /** Where people log in: `https://preview.example.com`, and its host. */
  readonly loginOrigin: string;
  readonly loginHost: string;
  readonly sealer: Sealer;
  readonly grants: Pick<Grants, 'all'>;
  readonly signIn: SignIn;
  readonly audit: AuditRecorder;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
